package dev.osteon.ssl.data;

import dev.osteon.engine.io.AtomicFile;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * The segments of a data set in a file that is mapped and not read: of what is trained on only that part need be in
 * memory which is looked at, and the system may take it back at any time. In the machine's byte order:
 *
 * <pre>
 *  0  "OSTEONSG"
 *  8  version, {@value #VERSION} (int)
 * 12  {@value #ORDER} (int): another number in another byte order
 * 16  number N of segments (int), side S of a canvas (int)
 * 24  where the canvases begin (long), a multiple of {@value #PAGE}
 * 32  CRC-32C of these {@value #HEADER} bytes and the table, with 0 here (int), 0 (int)
 * 40  table of N: height, width, pixels other than 0, CRC-32C of the canvas (int each),
 *     sum of levels, sum of their squares (long each)
 *     N canvases of S × S unsigned 16-bit levels, each with its segment at the top left and 0 elsewhere
 * </pre>
 */
public final class SegmentFile implements AutoCloseable {

    private static final byte[] MAGIC = {'O', 'S', 'T', 'E', 'O', 'N', 'S', 'G'};
    private static final int VERSION = 1;
    private static final int ORDER = 0x01020304;
    private static final int HEADER = 40;
    private static final int CHECKSUM = 32;
    private static final int ENTRY = 32;
    private static final int PAGE = 4096;
    private static final int MOST = (Integer.MAX_VALUE - HEADER) / ENTRY;

    private final FileChannel channel;
    private final FileUse use;
    private final int side;
    private final long start;
    private final List<SegmentSummary> segments;
    private final int[] checksums;

    private SegmentFile(FileChannel channel, FileUse use, int side, long start, List<SegmentSummary> segments,
            int[] checksums) {
        this.channel = channel;
        this.use = use;
        this.side = side;
        this.start = start;
        this.segments = segments;
        this.checksums = checksums;
    }

    /** Where segments come from. */
    @FunctionalInterface
    public interface Source {
        /** Hands over all segments, one after the other. */
        void sendTo(Consumer<Segment> receiver) throws IOException;
    }

    /**
     * Writes a file whole or not at all; in memory is one segment at a time.
     *
     * @param count segments that will come
     */
    public static void write(Path file, int count, Source source) throws IOException {
        AtomicFile.write(file, channel -> {
            FileUse.writing(channel);
            SegmentWriter writer = new SegmentWriter(channel, start(count));
            try {
                source.sendTo(writer::add);
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
            writer.finish(count);
        });
    }

    private static long start(int count) {
        return Math.ceilDiv(HEADER + (long) count * ENTRY, PAGE) * PAGE;
    }

    /**
     * Opens a file, and reads once through it to see that it is whole.
     *
     * @throws IOException saying in one line what is wrong with it
     */
    public static SegmentFile open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        FileUse use = FileUse.reading(file, channel);
        try {
            SegmentFile opened = read(file, channel, use);
            OptionalInt damaged = opened.damaged();
            require(damaged.isEmpty(), file, "is damaged: segment " + damaged.orElse(0) + " is not what was written");
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            use.close();
            throw e;
        }
    }

    private static SegmentFile read(Path file, FileChannel channel, FileUse use) throws IOException {
        ByteBuffer header = read(channel, HEADER, file);
        byte[] magic = new byte[MAGIC.length];
        header.get(magic);
        int version = header.getInt();
        int order = header.getInt();
        require(Arrays.equals(magic, MAGIC), file, "is no file of segments");
        require(version == VERSION && order == ORDER, file, order == ORDER ? "is of version " + version
                + "; expected " + VERSION : "is of a machine with another byte order");
        int count = header.getInt();
        int side = header.getInt();
        long start = header.getLong();
        long size = channel.size();
        require(count >= 1 && count <= MOST && side >= 1 && start == start(count) && start <= size, file,
                "is damaged or cut short");
        require((size - start) / Short.BYTES / side / side == count
                && (size - start) % ((long) side * side * Short.BYTES) == 0, file, "is cut short: given " + size
                + " bytes; expected " + count + " segments of " + side + " × " + side + " pixels");
        ByteBuffer table = read(channel, Math.toIntExact(HEADER + (long) count * ENTRY), file);
        int checksum = table.getInt(CHECKSUM);
        require(checksum(table.putInt(CHECKSUM, 0)) == checksum, file, "is damaged: its table is not what was written");
        List<SegmentSummary> segments = new ArrayList<>(count);
        int[] checksums = new int[count];
        table.position(HEADER);
        for (int n = 0; n < count; n++) {
            int height = table.getInt();
            int width = table.getInt();
            int bone = table.getInt();
            checksums[n] = table.getInt();
            segments.add(new SegmentSummary(height, width, bone, table.getLong(), table.getLong()));
            require(Math.clamp(height, 1, side) == height && Math.clamp(width, 1, side) == width, file,
                    "is damaged: segment " + n + " has " + height + " × " + width + " pixels");
        }
        return new SegmentFile(channel, use, side, start, List.copyOf(segments), checksums);
    }

    private static ByteBuffer read(FileChannel channel, int bytes, Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
        int got = 0;
        while (buffer.hasRemaining() && got >= 0) {
            got = channel.read(buffer, buffer.position());
        }
        require(!buffer.hasRemaining(), file, "is cut short: it has " + channel.size() + " bytes");
        return buffer.flip();
    }

    private static void require(boolean holds, Path file, String found) throws IOException {
        if (!holds) {
            throw new IOException(file + " " + found);
        }
    }

    /** The header and the table of a file that begins with them. */
    static ByteBuffer header(int side, List<SegmentSummary> segments, List<Integer> checksums) {
        ByteBuffer header = ByteBuffer.allocate(HEADER + ENTRY * segments.size()).order(ByteOrder.nativeOrder());
        header.put(MAGIC).putInt(VERSION).putInt(ORDER).putInt(segments.size()).putInt(side)
                .putLong(start(segments.size())).putInt(0).putInt(0);
        for (int n = 0; n < segments.size(); n++) {
            SegmentSummary s = segments.get(n);
            header.putInt(s.height()).putInt(s.width()).putInt(s.bone()).putInt(checksums.get(n)).putLong(s.sum())
                    .putLong(s.squares());
        }
        return header.putInt(CHECKSUM, checksum(header.flip()));
    }

    /** Of a buffer from its position on, which stays. */
    static int checksum(ByteBuffer bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes.duplicate());
        return (int) checksum.getValue();
    }

    /** The first canvas that is not as it was written. */
    private OptionalInt damaged() throws IOException {
        long bytes = (long) side * side * Short.BYTES;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, start, size() * bytes, arena);
            return IntStream.range(0, size()).parallel()
                    .filter(n -> checksum(all.asSlice(n * bytes, bytes).asByteBuffer()) != checksums[n]).min();
        }
    }

    /** Number of segments. */
    public int size() {
        return segments.size();
    }

    /** What is to know of each of them. */
    public List<SegmentSummary> segments() {
        return segments;
    }

    /** Their canvases [N, 1, S, S] (u16) in the file's memory; the tensor does not need this to stay open. */
    Tensor images(Device host) throws IOException {
        return Tensor.mapped(host, TensorSpec.of(Shape.of(size(), 1, side, side), DType.U16), channel, start);
    }

    /** Ends its being in use: it may be deleted by others. */
    @Override
    public void close() throws IOException {
        use.close();
    }

    /**
     * Deletes a file of segments, or one that was begun, unless a process has it open.
     *
     * @return whether it did
     * @throws IOException when it may not be deleted, or the file system cannot tell
     */
    public static boolean deleteUnused(Path file) throws IOException {
        return FileUse.deleteUnused(file);
    }
}
