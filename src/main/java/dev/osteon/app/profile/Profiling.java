package dev.osteon.app.profile;

import dev.osteon.app.UserError;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;

/** Records from its making to {@link #finish}, which writes all files; a stop of the program in between writes them. */
public final class Profiling {

    private final String command;
    private final Path folder;
    private final Recorder recorder;
    private final Recording recording;
    private final Dispatcher.Registration registration;
    private final Thread hook = new Thread(this::interrupted);
    private boolean finished;

    private Profiling(String command, Path folder, Recorder recorder) throws IOException {
        this.command = command;
        this.folder = folder;
        this.recorder = recorder;
        recording = recording(folder.resolve("profile.jfr"));
        registration = Dispatcher.listen(recorder);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Begins.
     *
     * @param steps  the first and the last step to record, from 1, as {@code 20-30}; empty for everything
     * @param events most single events for the trace
     * @throws UserError when the steps are none
     */
    public static Profiling start(String command, Path folder, Optional<String> steps, int events)
            throws IOException {
        Optional<Recorder.Steps> wanted = steps.map(Profiling::steps);
        Files.createDirectories(folder);
        return new Profiling(command, folder, new Recorder(wanted, events));
    }

    private static Recorder.Steps steps(String given) {
        String[] ends = given.split("-", -1);
        try {
            int first = Integer.parseInt(ends[0].strip());
            int last = Integer.parseInt(ends[ends.length - 1].strip());
            if (ends.length <= 2 && first >= 1 && last >= first) {
                return new Recorder.Steps(first, last);
            }
        } catch (NumberFormatException e) {
            throw wrong(given);
        }
        throw wrong(given);
    }

    private static UserError wrong(String given) {
        return new UserError("--steps: given " + given + "; expected the first and the last step, as 20-30");
    }

    /** It writes its file when it is stopped, and at the program's end, when only JFR itself still can. */
    private static Recording recording(Path file) throws IOException {
        try {
            Recording recording = new Recording(Configuration.getConfiguration("profile"));
            recording.enable(OperationEvent.class).withoutThreshold();
            recording.setName("osteon");
            recording.setDestination(file);
            recording.setDumpOnExit(true);
            recording.start();
            return recording;
        } catch (java.text.ParseException e) {
            throw new IOException("the Java virtual machine's own JFR configuration cannot be read: " + e.getMessage(),
                    e);
        }
    }

    private void interrupted() {
        try {
            finish();
        } catch (IOException e) {
            System.err.println("osteon: the profile could not be written: " + e.getMessage());
        }
    }

    /**
     * Stops recording and writes {@code trace.json}, {@code profile.json}, {@code profile.html} and
     * {@code profile.jfr}, the first time; empty, and nothing written, when nothing was recorded.
     */
    public synchronized Optional<Profile> finish() throws IOException {
        if (finished) {
            return Optional.empty();
        }
        finished = true;
        registration.close();
        boolean ending = Thread.currentThread() == hook;
        if (!ending) {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        Optional<Device> used = recorder.device();
        if (used.isEmpty()) {
            if (!ending) {
                recording.setDestination(null);
                recording.close();
            }
            return Optional.empty();
        }
        Device device = used.get();
        Profile profile = recorder.profile(command, facts(device), Peaks.of(device));
        profile.write(folder);
        PerfettoTrace.write(recorder, command, folder.resolve("trace.json"));
        ProfilePage.write(profile, folder.resolve("profile.html"));
        if (!ending) {
            recording.stop();
            recording.close();
        }
        return Optional.of(profile);
    }

    private Map<String, String> facts(Device device) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("device", Backends.of(device).description().replaceAll(", /.*", "")
                + (Backends.of(device).isEmulated() ? "; an emulator: its times mean nothing" : ""));
        facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version() + ", "
                + Runtime.getRuntime().availableProcessors() + " processors");
        facts.put("time", OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        if (recorder.left() > 0) {
            facts.put("trace", "the first " + recorder.events().size() + " events; " + recorder.left()
                    + " more are in the sums alone (--events)");
        }
        return facts;
    }
}
