package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Between an image [N, C, H, W] and its pixels as tokens [N, H·W, C] exporters write a reshape and a transposition, two
 * copies. In channels-last memory both are the same, so that the pair is a view; and a product with an image's pixels
 * as columns is one with its tokens transposed.
 */
record TokensRule() implements Optimiser.Rule {

    private static final long[] SWAP = {0, 2, 1};

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        if (Edges.is(last, "Transpose") && swaps(last)) {
            return edges.only(last.inputs().getFirst(), "Reshape").filter(n -> n.inputs().size() == 2)
                    .map(reshape -> pair("TokensOfImage", reshape, last, reshape));
        }
        if (Edges.is(last, "Reshape") && last.inputs().size() == 2) {
            return edges.only(last.inputs().getFirst(), "Transpose").filter(TokensRule::swaps)
                    .map(transpose -> pair("ImageOfTokens", transpose, last, last));
        }
        if (Edges.is(last, "MatMul")) {
            return edges.only(last.inputs().get(1), "Reshape").filter(n -> n.inputs().size() == 2)
                    .map(reshape -> Replacement.of(last, new Node(last.name(), Optimiser.DOMAIN, "MatMulOfImage",
                            List.of(last.inputs().get(0), reshape.inputs().get(0), reshape.inputs().get(1)),
                            last.outputs(), reshape.attributes(), 1), Set.of(last, reshape)));
        }
        return Optional.empty();
    }

    private static boolean swaps(Node transpose) {
        return transpose.attributes().integers("perm").filter(p -> Arrays.equals(p, SWAP)).isPresent();
    }

    private static Replacement pair(String type, Node first, Node last, Node reshape) {
        return Replacement.of(last, new Node(last.name(), Optimiser.DOMAIN, type, List.of(
                first.inputs().getFirst(), reshape.inputs().get(1)), last.outputs(), reshape.attributes(), 1),
                Set.of(first, last));
    }
}
