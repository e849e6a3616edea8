package dev.osteon.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each order gets one line, whatever happens, and a work is closed before the next is opened. */
class WorkServerTest {

    private final List<String> events = new ArrayList<>();

    private record Counted(String name, List<String> events) implements ServedWork {

        @Override
        public double run() {
            if (name.equals("broken")) {
                throw new IllegalStateException("given a\nbroken work");
            }
            return 0.5;
        }

        @Override
        public int repeats() {
            return 4;
        }

        @Override
        public long peakKib() {
            return 7;
        }

        @Override
        public void close() {
            events.add("close " + name);
        }
    }

    private ServedWork open(List<String> words) throws IOException {
        if (words.getFirst().equals("missing")) {
            throw new IOException("no such work: missing");
        }
        events.add("open " + words.getFirst());
        return new Counted(words.getFirst(), events);
    }

    @Test
    void ordersAreAnsweredOneByOne() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        WorkServer.serve(this::open, new ByteArrayInputStream("open a 1\nonce\nopen missing\nonce\nopen broken\nonce\n"
                .getBytes(StandardCharsets.UTF_8)), new PrintStream(out, true, StandardCharsets.UTF_8));
        List<String> answers = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(answers).hasSize(6);
        assertThat(answers.get(0)).isEqualTo("ready a");
        assertThat(answers.get(1)).matches("\\d+\\.\\d+ 0\\.500000 7");
        assertThat(answers.get(2)).isEqualTo("failed no such work: missing");
        assertThat(answers.get(3)).isEqualTo("failed no work is open");
        assertThat(answers.get(4)).isEqualTo("ready broken");
        assertThat(answers.get(5)).isEqualTo("failed given a broken work");
        assertThat(events).containsExactly("open a", "close a", "open broken", "close broken");
    }
}
