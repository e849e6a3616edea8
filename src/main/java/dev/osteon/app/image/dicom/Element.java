package dev.osteon.app.image.dicom;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The data elements that may be read (DICOM PS3.6): image geometry, and the patient ID only where it is hashed. */
enum Element {
    TRANSFER_SYNTAX(0x0002_0010, "Transfer Syntax UID", 64),
    PATIENT_ID(0x0010_0020, "Patient ID", 256),
    IMAGER_PIXEL_SPACING(0x0018_1164, "Imager Pixel Spacing", 64),
    SAMPLES_PER_PIXEL(0x0028_0002, "Samples per Pixel", 2),
    PHOTOMETRIC(0x0028_0004, "Photometric Interpretation", 16),
    FRAMES(0x0028_0008, "Number of Frames", 16),
    ROWS(0x0028_0010, "Rows", 2),
    COLUMNS(0x0028_0011, "Columns", 2),
    PIXEL_SPACING(0x0028_0030, "Pixel Spacing", 64),
    BITS_ALLOCATED(0x0028_0100, "Bits Allocated", 2),
    BITS_STORED(0x0028_0101, "Bits Stored", 2),
    HIGH_BIT(0x0028_0102, "High Bit", 2),
    PIXEL_REPRESENTATION(0x0028_0103, "Pixel Representation", 2),
    BURNED_IN(0x0028_0301, "Burned In Annotation", 16),
    WINDOW_CENTER(0x0028_1050, "Window Center", 1024),
    WINDOW_WIDTH(0x0028_1051, "Window Width", 1024),
    RESCALE_INTERCEPT(0x0028_1052, "Rescale Intercept", 64),
    RESCALE_SLOPE(0x0028_1053, "Rescale Slope", 64),
    VOI_FUNCTION(0x0028_1056, "VOI LUT Function", 16),
    MODALITY_LUTS(0x0028_3000, "Modality LUT Sequence", 0),
    LUT_DESCRIPTOR(0x0028_3002, "LUT Descriptor", 6),
    LUT_DATA(0x0028_3006, "LUT Data", 2 * 65536),
    VOI_LUTS(0x0028_3010, "VOI LUT Sequence", 0);

    /** What is read of a file whose subject is not asked for. */
    static final Set<Element> GEOMETRY = EnumSet.complementOf(EnumSet.of(TRANSFER_SYNTAX, PATIENT_ID));

    private static final Map<Integer, Element> BY_TAG =
            Arrays.stream(values()).collect(Collectors.toMap(e -> e.tag, Function.identity()));

    private final int tag;
    private final String title;
    private final int longest;

    Element(int tag, String title, int longest) {
        this.tag = tag;
        this.title = title;
        this.longest = longest;
    }

    static Optional<Element> of(int tag) {
        return Optional.ofNullable(BY_TAG.get(tag));
    }

    /** The standard's name. */
    String title() {
        return title;
    }

    /** The largest length in bytes that is believed. */
    int longest() {
        return longest;
    }

    /** Whether the element holds items that are data sets themselves. */
    boolean isSequence() {
        return longest == 0;
    }
}
