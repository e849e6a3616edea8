package dev.osteon.app.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.UserError;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.io.SafeTensors;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Expected values of published implementations: a folder with {@code manifest.json} and one safetensors file a case.
 *
 * @param cases the manifest's entries
 */
public record GoldenSet(Path folder, List<JsonNode> cases) {

    private static final Map<String, Family> FAMILIES = families();

    private static Map<String, Family> families() {
        Map<String, Family> families = new TreeMap<>();
        Layers.register(families);
        Training.register(families);
        SelfSupervision.register(families);
        SslLosses.register(families);
        Pretraining.register(families);
        return families;
    }

    /** What became of a case. */
    public enum Verdict { PASSED, FAILED, SKIPPED }

    /**
     * A case's result.
     *
     * @param share  largest error as a share of its tolerance
     * @param detail where it was, or why it was skipped or failed
     */
    public record Result(String family, String id, Device device, Verdict verdict, double share, String detail) {}

    /** @throws UserError when the folder has no readable manifest */
    public static GoldenSet open(Path folder) {
        Path manifest = folder.resolve("manifest.json");
        if (!Files.isRegularFile(manifest)) {
            throw new UserError("--golden: given " + folder + ", which has no manifest.json; expected a golden set");
        }
        try {
            JsonNode cases = new ObjectMapper().readTree(manifest.toFile()).path("cases");
            if (!cases.isArray() || cases.isEmpty()) {
                throw new UserError("--golden: " + manifest + " lists no cases; expected a golden set");
            }
            List<JsonNode> all = new ArrayList<>();
            cases.forEach(all::add);
            return new GoldenSet(folder, all);
        } catch (JsonProcessingException e) {
            throw new UserError("--golden: " + manifest + " is not JSON; expected a golden set", e);
        } catch (IOException e) {
            throw new UserError("--golden: " + manifest + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The families that the set has, in its order. */
    public Set<String> familyNames() {
        Map<String, Boolean> names = new LinkedHashMap<>();
        cases.forEach(entry -> names.put(entry.path("family").asText(), true));
        return names.keySet();
    }

    /** Computes a case in float64 on the reference backend, in float32 on any other. */
    public Result run(JsonNode entry, Device device) {
        String name = entry.path("family").asText();
        String id = entry.path("id").asText();
        Family family = FAMILIES.get(name);
        if (family == null) {
            return new Result(name, id, device, Verdict.SKIPPED, 0, "this version has no such feature");
        }
        DType dtype = device.equals(Device.REFERENCE) ? DType.F64 : DType.F32;
        try (Arena arena = Arena.ofConfined(); TensorScope scope = TensorScope.open()) {
            GoldenCase golden = new GoldenCase(entry,
                    SafeTensors.map(folder.resolve(entry.path("file").asText()), arena));
            Comparison comparison = new Comparison(golden, dtype);
            family.run(golden, new Family.Target(device, dtype), comparison);
            return new Result(name, id, device, comparison.passed() ? Verdict.PASSED : Verdict.FAILED,
                    comparison.worst(),
                    comparison.detail());
        } catch (IOException | EngineException | IllegalArgumentException e) {
            return new Result(name, id, device, Verdict.FAILED, Double.POSITIVE_INFINITY, e.getMessage());
        }
    }
}
