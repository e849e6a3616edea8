package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a result was made with. */
final class Provenance {

    private Provenance() {}

    static Map<String, String> facts(RunConfig config, Device device, PrecisionChoice precision) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("seed", String.valueOf(config.seed()));
        facts.put("preset", config.preset());
        facts.put("commit", commit());
        facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch") + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        facts.put("device", device.toString());
        facts.put("backend", Backends.of(device).description().replaceAll(", /.*", ""));
        facts.put("precision", precision.toString());
        facts.put("memory", config.memory().description());
        facts.put("time", java.time.OffsetDateTime.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString());
        return facts;
    }

    /** The commit of the checkout that the class files lie in. */
    private static String commit() {
        try {
            Path at = Path.of(Provenance.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            while (at != null && !Files.exists(at.resolve(".git"))) {
                at = at.getParent();
            }
            if (at == null) {
                return "unknown";
            }
            Process git = new ProcessBuilder("git", "-C", at.toString(), "describe", "--always", "--dirty")
                    .redirectErrorStream(true).start();
            String text = new String(git.getInputStream().readAllBytes(),
                    java.nio.charset.StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? text : "unknown";
        } catch (IOException | java.net.URISyntaxException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }
}
