package dev.osteon.app.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.osteon.app.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Presets, files and {@code key=value} overrides on them, and the configuration as it took effect. */
public final class ConfigFile {

    public static final List<String> PRESETS = List.of("smoke", "quick", "paper");

    /** The preset when nobody names one. */
    public static final String DEFAULT = "quick";

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)   // files of older versions have capitals
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .propertyNamingStrategy(PropertyNamingStrategies.LOWER_CAMEL_CASE)
            .build();

    private ConfigFile() {}

    /**
     * A preset with overrides.
     *
     * @param overrides {@code views.globalSize=96} and the like, later ones winning
     * @throws UserError for an unknown preset or key, with the nearest known one, or a value of the wrong type or range
     */
    public static RunConfig load(String preset, List<String> overrides) {
        return load(Optional.of(preset), Optional.empty(), overrides);
    }

    /**
     * A preset, on it a file, on it overrides.
     *
     * @param preset    one of {@link #PRESETS}; if empty the one that the file names, otherwise {@link #DEFAULT}
     * @param file      YAML with keys of the presets, as many of them as it wants to change: a run's config.yaml is one
     * @param overrides {@code views.globalSize=96} and the like, later ones winning
     * @throws UserError for an unknown preset or key, with the nearest known one, a file that cannot be read, or a
     *                   value of the wrong type or range
     */
    public static RunConfig load(Optional<String> preset, Optional<Path> file, List<String> overrides) {
        Map<String, JsonNode> settings = new LinkedHashMap<>();
        file.ifPresent(f -> flatten("", readFile(f), settings));
        Optional<String> named = Optional.ofNullable(settings.remove("preset")).map(JsonNode::asText);
        String base = preset.or(() -> named).orElse(DEFAULT);
        ObjectNode tree = preset(base);
        settings.forEach((key, value) -> {
            if (!value.isValueNode() || value.isNull()) {
                throw new UserError(file.orElseThrow() + ": configuration key " + key + ": given "
                        + (value.isNull() ? "nothing" : value) + "; expected one value");
            }
            set(tree, file.orElseThrow() + ": ", key, value.asText());
        });
        overrides.forEach(override -> apply(tree, override));
        Ranges.check(tree);
        return typed(tree);
    }

    private static ObjectNode preset(String name) {
        if (!PRESETS.contains(name)) {
            throw new UserError("preset: given " + name + "; expected one of " + PRESETS);
        }
        try (InputStream in = ConfigFile.class.getResourceAsStream("/presets/" + name + ".yaml")) {
            ObjectNode tree = (ObjectNode) YAML.readTree(in);
            tree.put("preset", name);
            return tree;
        } catch (IOException e) {
            throw new UncheckedIOException("preset " + name + " is not in this build", e);
        }
    }

    private static ObjectNode readFile(Path file) {
        try {
            JsonNode tree = YAML.readTree(Files.readString(file));
            if (tree instanceof ObjectNode mapping) {
                return mapping;
            }
            throw new UserError("--config: " + file + " holds no settings; expected YAML such as a run's config.yaml");
        } catch (JsonProcessingException e) {
            String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
            throw new UserError("--config: " + file + line + ": " + firstLine(e) + "; expected YAML such as a run's "
                    + "config.yaml", e);
        } catch (IOException e) {
            String why = Files.isDirectory(file) ? "is a folder"
                    : Files.exists(file) ? "cannot be read as UTF-8 text" : "does not exist";
            throw new UserError("--config: " + file + " " + why + "; give a YAML file such as a run's config.yaml", e);
        }
    }

    /** {@code pretrain: {epochs: 3}} as pretrain.epochs → 3. */
    private static void flatten(String prefix, ObjectNode node, Map<String, JsonNode> settings) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (field.getValue() instanceof ObjectNode section) {
                flatten(prefix + field.getKey() + ".", section, settings);
            } else {
                settings.put(prefix + field.getKey(), field.getValue());
            }
        }
    }

    private static RunConfig typed(ObjectNode tree) {
        try {
            return YAML.treeToValue(tree, RunConfig.class);
        } catch (InvalidFormatException e) {
            List<String> known = Stream.of(e.getTargetType().getEnumConstants()).map(c -> c.toString()
                    .toLowerCase(Locale.ROOT)).toList();
            throw new UserError("configuration key " + path(e) + ": given " + e.getValue() + "; expected "
                    + String.join(" or ", known), e);
        } catch (JsonMappingException e) {
            throw new UserError("configuration key " + path(e) + ": " + firstLine(e) + "; correct the value", e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree has no syntax", e);
        }
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream().map(r -> String.valueOf(r.getFieldName())).collect(Collectors.joining("."));
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("not understood");
    }

    private static void apply(ObjectNode tree, String override) {
        int equals = override.indexOf('=');
        if (equals < 1) {
            throw new UserError("override: given \"" + override + "\"; expected key=value, as pretrain.epochs=20");
        }
        set(tree, "", override.substring(0, equals).strip(), override.substring(equals + 1).strip());
    }

    /** @param where the file that says so, for messages; empty for the command line */
    private static void set(ObjectNode tree, String where, String key, String text) {
        List<String> known = keys("", tree);
        if (!known.contains(key)) {
            String nearest = known.stream().min(Comparator.comparingInt(
                    k -> LevenshteinDistance.getDefaultInstance().apply(k, key))).orElse("");
            throw new UserError(where + "configuration key: given " + key + ", which is not known; is " + nearest
                    + " meant?");
        }
        if (key.equals("preset")) {
            throw new UserError("configuration key preset: given as an override; expected --preset " + text);
        }
        ObjectNode parent = tree;
        String[] parts = key.split("\\.");
        for (int i = 0; i < parts.length - 1; i++) {
            parent = (ObjectNode) parent.get(parts[i]);
        }
        String last = parts[parts.length - 1];
        parent.set(last, value(where + "configuration key " + key, parent.get(last), text));
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
            throw new UserError(key + ": given \"" + text + "\"; expected "
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
}
