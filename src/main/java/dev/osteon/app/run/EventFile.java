package dev.osteon.app.run;

import dev.osteon.app.report.CurvePoint;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Scalars for TensorBoard: records in TFRecord's framing (length, its masked CRC-32C, data, its masked CRC-32C), each
 * an {@code Event} of TensorFlow's event.proto: 1 wall_time, 2 step, 3 file_version, 5 summary {1 value {1 tag, 2
 * simple_value}}. A run that goes on writes a second file, as TensorBoard expects.
 */
final class EventFile {

    private static final int DOUBLE = 1;
    private static final int VARINT = 0;
    private static final int BYTES = 2;
    private static final int FLOAT = 5;

    private final RunFolder folder;
    private final String name;

    EventFile(RunFolder folder) {
        this.folder = folder;
        this.name = "events.out.tfevents." + System.currentTimeMillis() / 1000 + "." + ProcessHandle.current().pid()
                + ".osteon";
    }

    /** One event with all values of a row, tagged {@code phase/column}. */
    void add(CurvePoint point) {
        if (!Files.exists(folder.resolve(name))) {
            append(event(0).bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8)));
        }
        Message summary = new Message();
        new TreeMap<>(point.values()).forEach((column, value) -> summary.bytes(1, new Message()
                .bytes(1, (point.phase() + "/" + column).getBytes(StandardCharsets.UTF_8))
                .fixed(2, value.floatValue()).content()));
        append(event(Math.round(point.at())).bytes(5, summary.content()));
    }

    private static Message event(long step) {
        return new Message().fixed(1, System.currentTimeMillis() / 1000.0).varint(2, step);
    }

    private void append(Message event) {
        byte[] data = event.content();
        ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
        record.putInt(maskedCrc(record.array(), 0, 8)).put(data).putInt(maskedCrc(data, 0, data.length));
        folder.write(name, file -> Files.write(file, record.array(), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND));
    }

    /** TFRecord's: rotated and shifted, so that a checksum of data that holds checksums stays useful. */
    static int maskedCrc(byte[] data, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, from, length);
        int value = (int) crc.getValue();
        return Integer.rotateRight(value, 15) + 0xa282ead8;
    }

    /** A message in protocol buffers' wire format. */
    private static final class Message {

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void key(int field, int type) {
            raw((long) field << 3 | type);
        }

        private void raw(long value) {
            for (; (value & ~0x7fL) != 0; value >>>= 7) {
                out.write((int) (value & 0x7f | 0x80));
            }
            out.write((int) value);
        }

        Message varint(int field, long value) {
            key(field, VARINT);
            raw(value);
            return this;
        }

        Message fixed(int field, double value) {
            key(field, DOUBLE);
            out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
            return this;
        }

        Message fixed(int field, float value) {
            key(field, FLOAT);
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
            return this;
        }

        Message bytes(int field, byte[] value) {
            key(field, BYTES);
            raw(value.length);
            out.writeBytes(value);
            return this;
        }

        byte[] content() {
            return out.toByteArray();
        }
    }
}
