package dev.osteon.app.image.dicom;

/**
 * A DICOM file that is damaged or of a kind that is not supported. The message is one line without the file's name,
 * and never holds a value of the file that is free text: it may be shown and logged.
 */
public final class DicomException extends Exception {
    private static final long serialVersionUID = 1L;

    DicomException(String reason) {
        super(reason);
    }
}
