package dev.osteon.ssl.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Writes a {@link SegmentFile} as its segments come. How large a canvas must be is known when the last one was there:
 * until then their pixels lie one behind the other, then each is drawn on its canvas, from the last to the first, whose
 * place nothing needs any more that lies there.
 */
final class SegmentWriter {

    private final FileChannel channel;
    private final long start;
    private final List<SegmentSummary> segments = new ArrayList<>();
    private long end;
    private ByteBuffer buffer = buffer(1 << 16);

    /** @param start where the canvases will begin */
    SegmentWriter(FileChannel channel, long start) {
        this.channel = channel;
        this.start = start;
        this.end = start;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** @throws UncheckedIOException when the file cannot be written */
    void add(Segment segment) {
        int bytes = segment.levels().length * Short.BYTES;
        if (buffer.capacity() < bytes) {
            buffer = buffer(bytes);
        }
        buffer.clear().limit(bytes).asShortBuffer().put(segment.levels());
        try {
            write(buffer, end);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        end += bytes;
        segments.add(SegmentSummary.of(segment));
    }

    /** Makes a whole file of it. */
    void finish(int count) throws IOException {
        if (segments.size() != count || count == 0) {
            throw new IllegalStateException("given " + segments.size() + " segments; expected " + Math.max(1, count));
        }
        int side = segments.stream().mapToInt(s -> Math.max(s.height(), s.width())).max().orElseThrow();
        int bytes = Math.multiplyExact(side * side, Short.BYTES);
        ByteBuffer canvas = buffer(bytes);
        byte[] blank = new byte[bytes];
        List<Integer> checksums = new ArrayList<>(Collections.nCopies(count, 0));
        for (int n = count - 1; n >= 0; n--) {
            SegmentSummary s = segments.get(n);
            int length = s.height() * s.width() * Short.BYTES;
            end -= length;
            read(buffer.clear().limit(length), end);
            canvas.clear().put(blank).clear();
            for (int y = 0; y < s.height(); y++) {
                canvas.put(y * side * Short.BYTES, buffer, y * s.width() * Short.BYTES, s.width() * Short.BYTES);
            }
            checksums.set(n, SegmentFile.checksum(canvas));
            write(canvas, start + (long) n * bytes);
        }
        write(SegmentFile.header(side, segments, checksums), 0);
    }

    private void read(ByteBuffer to, long position) throws IOException {
        while (to.hasRemaining()) {
            if (channel.read(to, position + to.position()) < 0) {
                throw new IOException("became shorter while it was written");
            }
        }
        to.flip();
    }

    private void write(ByteBuffer from, long position) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from, position + from.position());
        }
    }
}
