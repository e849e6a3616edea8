package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tables of the tensors that one kernel goes over, in device memory. They stay there: a step over tensors that lie
 * where those of a step before did uploads nothing, one over equal sizes at other places only the places.
 */
final class TensorTables {

    /** Elements that a block takes. */
    private static final long PIECE = 1 << 14;
    /** {@code struct Piece}. */
    private static final long PIECE_BYTES = 16;
    private static final int KEPT = 6;
    private static final String LABEL = "table of tensors";

    private final CudaRuntime cuda;
    /** The one that was used last at the end. */
    private final List<Table> tables = new ArrayList<>();

    TensorTables(CudaRuntime cuda) {
        this.cuda = cuda;
    }

    /**
     * Pieces of all tensors, and where these lie.
     *
     * @param sizes  of the tensors
     * @param lies   of each tensor, as many numbers as its entry has
     * @param memory the pieces, for each tensor the first of its own (and the end, one more), the entries
     * @param count  of pieces
     */
    record Table(long[] sizes, long[] lies, Buffer memory, int count) {

        int tensors() {
            return sizes.length;
        }

        long pieces() {
            return memory.segment().address();
        }

        long firsts() {
            return pieces() + PIECE_BYTES * count;
        }

        long places() {
            return firsts() + (4L * (sizes.length + 1) + 7) / 8 * 8;
        }

        private boolean matches(long[] otherSizes, long[] otherLies) {
            return Arrays.equals(lies, otherLies) && Arrays.equals(sizes, otherSizes);
        }
    }

    /**
     * The table of some tensors.
     *
     * @param sizes elements of each
     * @param lies  what a kernel is to know of each, as many numbers for all: addresses, and what never changes
     */
    synchronized Table of(long[] sizes, long[] lies) {
        if (cuda.capture().isPresent()) {
            return recorded(cuda.capture().get(), sizes, lies);
        }
        Table table = tables.stream().filter(t -> t.matches(sizes, lies)).findFirst().orElse(null);
        if (table == null) {
            table = elsewhere(sizes, lies);
        }
        tables.remove(table);
        tables.add(table);
        return table;
    }

    private Table elsewhere(long[] sizes, long[] lies) {
        Table oldest = tables.size() < KEPT ? null
                : tables.stream().filter(t -> Arrays.equals(t.sizes, sizes)).findFirst().orElse(null);
        Table table = oldest == null ? sized(sizes, lies) : new Table(sizes, lies, oldest.memory, oldest.count);
        if (oldest != null) {
            tables.remove(oldest);
        } else if (tables.size() == KEPT) {
            tables.removeFirst().memory.release();
        }
        try (Arena arena = Arena.ofConfined()) {
            cuda.upload(places(lies, arena), table.places());
        }
        return table;
    }

    private Table sized(long[] sizes, long[] lies) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pieces = pieces(sizes, arena);
            Buffer memory = cuda.temporary(pieces.byteSize() + places(lies, arena).byteSize(), LABEL);
            cuda.upload(pieces, memory.segment().address());
            return new Table(sizes, lies, memory, count(sizes));
        }
    }

    /** Of a recording's own, which works with the addresses it was made with. */
    private static Table recorded(Capture capture, long[] sizes, long[] lies) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pieces = pieces(sizes, arena);
            MemorySegment places = places(lies, arena);
            MemorySegment whole = arena.allocate(pieces.byteSize() + places.byteSize(), 8);
            whole.copyFrom(pieces);
            whole.asSlice(pieces.byteSize()).copyFrom(places);
            return new Table(sizes, lies, capture.constant(whole, LABEL), count(sizes));
        }
    }

    private static int count(long[] sizes) {
        return (int) Arrays.stream(sizes).map(size -> (size + PIECE - 1) / PIECE).sum();
    }

    private static MemorySegment pieces(long[] sizes, Arena arena) {
        long firsts = PIECE_BYTES * count(sizes);
        MemorySegment table = arena.allocate(firsts + (4L * (sizes.length + 1) + 7) / 8 * 8, 8);
        int piece = 0;
        for (int t = 0; t < sizes.length; t++) {
            table.set(JAVA_INT, firsts + 4L * t, piece);
            for (long from = 0; from < sizes[t]; from += PIECE) {
                long at = PIECE_BYTES * piece++;
                table.set(JAVA_LONG, at, from);
                table.set(JAVA_INT, at + 8, (int) Math.min(PIECE, sizes[t] - from));
                table.set(JAVA_INT, at + 12, t);
            }
        }
        table.set(JAVA_INT, firsts + 4L * sizes.length, piece);
        return table;
    }

    private static MemorySegment places(long[] lies, Arena arena) {
        MemorySegment places = arena.allocate(Math.max(8, Long.BYTES * lies.length), 8);
        MemorySegment.copy(lies, 0, places, JAVA_LONG, 0, lies.length);
        return places;
    }
}
