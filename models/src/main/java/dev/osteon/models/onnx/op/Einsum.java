package dev.osteon.models.onnx.op;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Einstein's summation: operands are brought onto all letters as dimensions, multiplied two by two, and summed over
 * the letters that the result lacks, as soon as no later operand has them.
 */
record Einsum(Call call, List<List<Character>> terms, List<Character> result) {

    private static final char FIRST_OF_ELLIPSIS = '0';

    static Einsum of(Call c) {
        String equation = c.attributes().text("equation", "").replace(" ", "");
        String[] sides = equation.split("->", -1);
        String[] given = sides[0].split(",", -1);
        if (given.length != c.count() || sides.length > 2) {
            throw c.problem("equation " + equation + " for " + c.count() + " operands", "a term for each");
        }
        List<List<Character>> terms = new ArrayList<>();
        int dots = 0;
        for (int i = 0; i < given.length; i++) {
            int free = c.rank(i) - (given[i].replace("...", "").length());
            dots = given[i].contains("...") ? Math.max(dots, free) : dots;
        }
        for (int i = 0; i < given.length; i++) {
            int free = c.rank(i) - (given[i].replace("...", "").length());
            terms.add(letters(given[i], given[i].contains("...") ? free : 0));
            if (terms.get(i).size() != c.rank(i)) {
                throw c.problem("term " + given[i] + " for " + c.shape(i), "a letter for each dimension");
            }
        }
        return new Einsum(c, terms, sides.length == 2 ? letters(sides[1], dots) : implicit(terms, dots));
    }

    /** The ellipsis is the digits that end with 0. */
    private static List<Character> letters(String term, int dots) {
        List<Character> letters = new ArrayList<>();
        for (int i = 0; i < term.length(); i++) {
            if (term.charAt(i) == '.') {
                for (int d = dots - 1; d >= 0; d--) {
                    letters.add((char) (FIRST_OF_ELLIPSIS + d));
                }
                i += 2;
            } else {
                letters.add(term.charAt(i));
            }
        }
        return letters;
    }

    /** Without an arrow: the ellipsis, then the letters that occur once, sorted. */
    private static List<Character> implicit(List<List<Character>> terms, int dots) {
        List<Character> all = terms.stream().flatMap(List::stream).toList();
        List<Character> result = letters("...", dots);
        all.stream().filter(Character::isLetter).filter(l -> all.indexOf(l) == all.lastIndexOf(l)).sorted()
                .forEach(result::add);
        return result;
    }

    Tensor apply() {
        List<Character> letters = new ArrayList<>(terms.getFirst().stream().distinct().toList());
        Tensor product = onto(call.tensor(0), terms.getFirst(), letters);
        for (int i = 1; i < terms.size(); i++) {
            List<List<Character>> later = terms.subList(i + 1, terms.size());
            List<Character> other = terms.get(i).stream().distinct().toList();
            Tensor next = onto(call.tensor(i), terms.get(i), other);
            List<Character> summed = Stream.concat(letters.stream(), other.stream()).distinct()
                    .filter(l -> !result.contains(l) && later.stream().noneMatch(t -> t.contains(l))).toList();
            List<Character> kept = Stream.concat(letters.stream(), other.stream()).distinct()
                    .filter(l -> !summed.contains(l)).toList();
            product = contract(product, letters, next, other, summed, kept);
            letters = kept;
        }
        List<Character> rest = letters;
        int[] gone = IntStream.range(0, rest.size()).filter(i -> !result.contains(rest.get(i)))
                .toArray();
        Tensor sum = gone.length == 0 ? product : Ops.sum(product, gone);
        return onto(sum, rest.stream().map(l -> result.contains(l) ? l : ' ').toList(), result);
    }

    /** A batched matrix product: letters of both that stay are the batch, those that are summed the inner size. */
    private static Tensor contract(Tensor a, List<Character> left, Tensor b, List<Character> right,
            List<Character> summed, List<Character> kept) {
        Map<Character, Integer> sizes = new LinkedHashMap<>();
        for (int i = 0; i < left.size(); i++) {
            sizes.merge(left.get(i), a.dim(i), Math::max);
        }
        for (int i = 0; i < right.size(); i++) {
            sizes.merge(right.get(i), b.dim(i), Math::max);
        }
        List<Character> batch = kept.stream().filter(l -> left.contains(l) && right.contains(l)).toList();
        List<Character> rows = kept.stream().filter(l -> left.contains(l) && !right.contains(l)).toList();
        List<Character> columns = kept.stream().filter(l -> !left.contains(l)).toList();
        List<Character> inner = summed;
        Tensor p = Ops.reshape(filled(onto(a, left, join(batch, rows, inner)), join(batch, rows, inner), sizes),
                product(batch, sizes), product(rows, sizes), product(inner, sizes));
        Tensor q = Ops.reshape(filled(onto(b, right, join(batch, inner, columns)), join(batch, inner, columns), sizes),
                product(batch, sizes), product(inner, sizes), product(columns, sizes));
        List<Character> order = join(batch, rows, columns);
        Tensor y = Ops.reshape(MatrixOps.product(p, q), order.stream().mapToInt(sizes::get).toArray());
        return onto(y, order, kept);
    }

    private static List<Character> join(List<Character> a, List<Character> b, List<Character> c) {
        return Stream.of(a, b, c).flatMap(List::stream).toList();
    }

    private static int product(List<Character> letters, Map<Character, Integer> sizes) {
        return letters.stream().mapToInt(sizes::get).reduce(1, Math::multiplyExact);
    }

    private static Tensor filled(Tensor x, List<Character> letters, Map<Character, Integer> sizes) {
        return Ops.expand(x, Shape.of(letters.stream().mapToInt(sizes::get).toArray()));
    }

    /** Dimensions in the order of {@code to}: a repeated letter is a diagonal, one that is lacking has size 1. */
    private static Tensor onto(Tensor given, List<Character> from, List<Character> to) {
        Tensor x = given;
        List<Character> letters = new ArrayList<>(from);
        for (int i = 0; i < letters.size(); i++) {
            int second = letters.lastIndexOf(letters.get(i));
            if (second != i && letters.get(i) != ' ') {
                x = diagonal(x, i, second);
                letters.remove(second);
                i--;
            }
        }
        List<Integer> present = new ArrayList<>();
        for (char letter : to) {
            if (letters.contains(letter)) {
                present.add(letters.indexOf(letter));
            }
        }
        for (int i = 0; i < letters.size(); i++) {
            if (!present.contains(i)) {
                present.add(i);                       // of size 1: it goes with the reshape
            }
        }
        Tensor ordered = Ops.permute(x, present.stream().mapToInt(Integer::intValue).toArray());
        int[] own = x.shape().toArray();
        return Ops.reshape(ordered, to.stream().mapToInt(l -> letters.contains(l) ? own[letters.indexOf(l)] : 1)
                .toArray());
    }

    private static Tensor diagonal(Tensor x, int first, int second) {
        int n = x.dim(first);
        List<Tensor> slices = new ArrayList<>();
        int[] dims = x.shape().toArray();
        int[] rest = IntStream.range(0, dims.length).filter(d -> d != second)
                .map(d -> d == first ? 1 : dims[d]).toArray();
        for (int i = 0; i < n; i++) {
            slices.add(Ops.reshape(Ops.slice(Ops.slice(x, first, i, 1), second, i, 1), rest));
        }
        return Ops.concat(first, slices);
    }
}
