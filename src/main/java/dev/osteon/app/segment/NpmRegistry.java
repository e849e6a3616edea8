package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Where npm packages come from on this machine: as npm is configured, so that a mirror is used where there is one. */
final class NpmRegistry {

    private static final String VARIABLE = "NPM_CONFIG_REGISTRY";

    private NpmRegistry() {}

    /**
     * The registry's address, ending in a slash.
     *
     * @throws UserError when neither the variable nor npm says it
     */
    static URI address() {
        String given = Optional.ofNullable(System.getenv(VARIABLE)).filter(v -> !v.isBlank())
                .or(NpmRegistry::configured).orElseThrow(() -> new UserError("no npm registry is known; set " + VARIABLE
                        + " to its address, install npm, or fetch the package by hand and give its files with "
                        + "--take DIR"));
        try {
            return URI.create(given.strip().replaceAll("/*$", "/"));
        } catch (IllegalArgumentException e) {
            throw new UserError(VARIABLE + ": given " + given.strip() + "; expected the address of an npm registry", e);
        }
    }

    private static Optional<String> configured() {
        try {
            Process npm = new ProcessBuilder("npm", "config", "get", "registry")
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String out = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return npm.waitFor() == 0 && out.startsWith("http") ? Optional.of(out) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();     // npm is not installed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
