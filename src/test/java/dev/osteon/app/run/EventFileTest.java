package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.report.CurvePoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {

    @TempDir
    Path folder;

    @Test
    void theChecksumIsTfRecords() {
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);   // CRC-32C e3069283, masked by hand
        assertThat(EventFile.maskedCrc(digits, 0, digits.length)).isEqualTo(0xc78ab0e5);
    }

    @Test
    void recordsAreFramedAndNameTheirScalars() throws IOException {
        try (RunFolder run = RunFolder.create(folder.resolve("run").toString(), "smoke")) {
            EventFile events = new EventFile(run);
            events.add(new CurvePoint(CurvePoint.PRETEXT, 1, Map.of("loss", 2.5)));
            events.add(new CurvePoint(CurvePoint.PRETEXT, 2, Map.of("loss", 2.0)));
        }
        List<Path> files;
        try (var all = Files.list(folder.resolve("run"))) {
            files = all.filter(f -> f.getFileName().toString().contains("tfevents")).toList();
        }
        assertThat(files).hasSize(1);
        ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(files.getFirst())).order(ByteOrder.LITTLE_ENDIAN);
        int records = 0;
        while (data.hasRemaining()) {
            byte[] record = new byte[Math.toIntExact(data.getLong())];
            data.getInt();
            data.get(record);
            assertThat(data.getInt()).isEqualTo(EventFile.maskedCrc(record, 0, record.length));
            assertThat(new String(record, StandardCharsets.ISO_8859_1))
                    .contains(records == 0 ? "brain.Event:2" : "pretext/loss");
            records++;
        }
        assertThat(records).isEqualTo(3);
    }
}
