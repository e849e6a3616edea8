package dev.osteon.app.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The formats of radiographs, told apart by a file's first bytes and not by its name. */
public enum ImageFormat {
    PNG(0, "\u0089PNG\r\n\u001A\n"),
    JPEG(0, "\u00FF\u00D8\u00FF"),
    TIFF(0, "II*\0", "MM\0*"),
    DICOM(128, "DICM");

    /** Bytes that {@link #of} looks at. */
    static final int SIGNATURE_BYTES = 132;

    private final int offset;
    private final String[] signatures;

    ImageFormat(int offset, String... signatures) {
        this.offset = offset;
        this.signatures = signatures;
    }

    /** @param start the file's first {@link #SIGNATURE_BYTES} bytes, or all of a smaller file */
    static Optional<ImageFormat> of(byte[] start) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        // The preamble of a DICOM file is free, and may be that of a TIFF file.
        if (text.startsWith(DICOM.signatures[0], DICOM.offset)) {
            return Optional.of(DICOM);
        }
        return Arrays.stream(values())
                .filter(format -> Arrays.stream(format.signatures).anyMatch(s -> text.startsWith(s, format.offset)))
                .findFirst();
    }
}
