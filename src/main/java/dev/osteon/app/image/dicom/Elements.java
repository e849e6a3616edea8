package dev.osteon.app.image.dicom;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** The values of a data set that were asked for. An element that is absent and one without a value are the same. */
final class Elements {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    private final boolean bigEndian;
    private final Map<Element, byte[]> values = new EnumMap<>(Element.class);
    private final Map<Element, Elements> items = new EnumMap<>(Element.class);

    Elements(boolean bigEndian) {
        this.bigEndian = bigEndian;
    }

    void put(Element element, byte[] value) {
        values.put(element, value);
    }

    /** Keeps the first item of a sequence. */
    void putItem(Element sequence, Elements item) {
        items.putIfAbsent(sequence, item);
    }

    Optional<Elements> item(Element sequence) {
        return Optional.ofNullable(items.get(sequence));
    }

    /** The value as it lies in the file, without the padding of spaces and zero bytes around it. */
    Optional<byte[]> trimmed(Element element) {
        byte[] value = values.getOrDefault(element, new byte[0]);
        int from = 0;
        int to = value.length;
        while (to > 0 && (value[to - 1] == ' ' || value[to - 1] == 0)) {
            to--;
        }
        while (from < to && value[from] == ' ') {
            from++;
        }
        return from == to ? Optional.empty() : Optional.of(Arrays.copyOfRange(value, from, to));
    }

    Optional<String> text(Element element) {
        return trimmed(element).map(value -> new String(value, StandardCharsets.ISO_8859_1));
    }

    /** Unsigned 16-bit numbers. */
    int[] words(Element element) {
        byte[] value = values.getOrDefault(element, new byte[0]);
        int[] words = new int[value.length / 2];
        for (int i = 0; i < words.length; i++) {
            int high = value[2 * i + (bigEndian ? 0 : 1)] & 0xFF;
            int low = value[2 * i + (bigEndian ? 1 : 0)] & 0xFF;
            words[i] = high << 8 | low;
        }
        return words;
    }

    byte[] bytes(Element element) {
        return values.getOrDefault(element, new byte[0]);
    }

    OptionalInt word(Element element) {
        int[] words = words(element);
        return words.length == 0 ? OptionalInt.empty() : OptionalInt.of(words[0]);
    }

    int required(Element element) throws DicomException {
        return word(element).orElseThrow(() -> new DicomException(element.title()
                + " is missing; expected a single grey image with its geometry"));
    }

    /** Decimal numbers between backslashes. */
    double[] decimals(Element element) throws DicomException {
        Optional<String> text = text(element);
        if (text.isEmpty()) {
            return new double[0];
        }
        String[] parts = text.get().split("\\\\");
        double[] numbers = new double[parts.length];
        for (int i = 0; i < parts.length; i++) {
            String part = parts[i].strip();
            if (!DECIMAL.matcher(part).matches()) {
                throw new DicomException(element.title() + " is not a decimal number; replace the file");
            }
            numbers[i] = Double.parseDouble(part);
        }
        return numbers;
    }
}
