package dev.osteon.app.profile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Map;

/**
 * Events in the trace format of Chrome, which Perfetto opens: spans and operations as complete events, live tensors as
 * a counter.
 */
final class PerfettoTrace {

    private static final double NANOS_PER_MICRO = 1e3;

    private PerfettoTrace() {}

    static void write(Recorder recorder, String command, Path file) throws IOException {
        AtomicFile.write(file, channel -> {
            JsonGenerator json = new JsonFactory().createGenerator(Channels.newOutputStream(channel));
            json.writeStartObject();
            json.writeStringField("displayTimeUnit", "ms");
            json.writeArrayFieldStart("traceEvents");
            name(json, "process_name", 0, "osteon " + command);
            for (Map.Entry<Long, String> thread : recorder.threads().entrySet()) {
                name(json, "thread_name", thread.getKey(), thread.getValue());
            }
            for (Recorder.Event event : recorder.events()) {
                event(json, event);
            }
            for (Recorder.Memory point : recorder.memory()) {
                begin(json, "live tensors", "C", 0);
                json.writeNumberField("ts", point.at() / NANOS_PER_MICRO);
                json.writeObjectFieldStart("args");
                json.writeNumberField("bytes", point.bytes());
                json.writeEndObject();
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
            json.flush();
        });
    }

    private static void begin(JsonGenerator json, String name, String kind, long thread) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", name);
        json.writeStringField("ph", kind);
        json.writeNumberField("pid", 1);
        json.writeNumberField("tid", thread);
    }

    private static void name(JsonGenerator json, String what, long thread, String name) throws IOException {
        begin(json, what, "M", thread);
        json.writeObjectFieldStart("args");
        json.writeStringField("name", name);
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void event(JsonGenerator json, Recorder.Event event) throws IOException {
        begin(json, event.name(), "X", event.thread());
        json.writeStringField("cat", event.category());
        json.writeNumberField("ts", event.start() / NANOS_PER_MICRO);
        json.writeNumberField("dur", event.nanos() / NANOS_PER_MICRO);
        if (event.category().equals("op")) {
            Profile.Row row = event.where();
            json.writeObjectFieldStart("args");
            json.writeStringField("shapes", row.shapes());
            json.writeStringField("phase", row.phase());
            json.writeStringField("module", row.module());
            json.writeNumberField("GFLOP/s", row.seconds() == 0 ? 0 : row.flops() / row.seconds() / 1e9);
            json.writeNumberField("GB/s", row.seconds() == 0 ? 0 : row.bytes() / row.seconds() / 1e9);
            json.writeEndObject();
        }
        json.writeEndObject();
    }
}
