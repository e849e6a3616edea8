package dev.osteon.app.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.osteon.app.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Presets, {@code key=value} overrides, and the configuration as it took effect. */
public final class ConfigFile {

    public static final List<String> PRESETS = List.of("smoke", "quick", "paper");

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .propertyNamingStrategy(PropertyNamingStrategies.LOWER_CAMEL_CASE)
            .build();

    private ConfigFile() {}

    /**
     * A preset with overrides.
     *
     * @param overrides {@code views.globalSize=96} and the like, later ones winning
     * @throws UserError for an unknown preset or key, with the nearest known one, or a value of the wrong type
     */
    public static RunConfig load(String preset, List<String> overrides) {
        if (!PRESETS.contains(preset)) {
            throw new UserError("preset: given " + preset + "; expected one of " + PRESETS);
        }
        try (InputStream in = ConfigFile.class.getResourceAsStream("/presets/" + preset + ".yaml")) {
            ObjectNode tree = (ObjectNode) YAML.readTree(in);
            tree.put("preset", preset);
            overrides.forEach(override -> apply(tree, override));
            return YAML.treeToValue(tree, RunConfig.class);
        } catch (JsonMappingException e) {
            String key = e.getPath().stream().map(r -> String.valueOf(r.getFieldName()))
                    .collect(Collectors.joining("."));
            throw new UserError("configuration key " + key + ": " + firstLine(e) + "; correct the value", e);
        } catch (IOException e) {
            throw new UserError("preset " + preset + " could not be read: " + e.getMessage(), e);
        }
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("not understood");
    }

    private static void apply(ObjectNode tree, String override) {
        int equals = override.indexOf('=');
        if (equals < 1) {
            throw new UserError("override: given \"" + override + "\"; expected key=value, as pretrain.epochs=20");
        }
        String key = override.substring(0, equals).strip();
        List<String> known = keys("", tree);
        if (!known.contains(key)) {
            String nearest = known.stream().min(Comparator.comparingInt(
                    k -> LevenshteinDistance.getDefaultInstance().apply(k, key))).orElse("");
            throw new UserError("configuration key: given " + key + ", which is not known; is " + nearest + " meant?");
        }
        ObjectNode parent = tree;
        String[] parts = key.split("\\.");
        for (int i = 0; i < parts.length - 1; i++) {
            parent = (ObjectNode) parent.get(parts[i]);
        }
        String last = parts[parts.length - 1];
        parent.set(last, value(key, parent.get(last), override.substring(equals + 1).strip()));
    }

    /** The text as the type that the preset has there. */
    private static JsonNode value(String key, JsonNode before, String text) {
        try {
            if (before.isTextual()) {
                return YAML.getNodeFactory().textNode(text);
            }
            if (before.isIntegralNumber() && !before.isDouble()) {
                return YAML.getNodeFactory().numberNode(Long.parseLong(text));
            }
            return YAML.getNodeFactory().numberNode(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            throw new UserError("configuration key " + key + ": given \"" + text + "\"; expected "
                    + (before.isIntegralNumber() ? "a whole number" : "a number") + " such as " + before.asText(), e);
        }
    }

    private static List<String> keys(String prefix, JsonNode node) {
        List<String> keys = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (field.getValue().isObject()) {
                keys.addAll(keys(prefix + field.getKey() + ".", field.getValue()));
            } else {
                keys.add(prefix + field.getKey());
            }
        }
        return keys;
    }

    /** The configuration as YAML, in the form of a preset. */
    public static String toYaml(RunConfig config) {
        try {
            return YAML.writeValueAsString(config);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration is always YAML", e);
        }
    }

    /** Reads what {@link #toYaml} wrote. */
    public static RunConfig fromYaml(String text) {
        try {
            return YAML.readValue(text, RunConfig.class);
        } catch (JsonProcessingException e) {
            throw new UserError("configuration: " + firstLine(e) + "; expected a config.yaml of a run", e);
        }
    }
}
