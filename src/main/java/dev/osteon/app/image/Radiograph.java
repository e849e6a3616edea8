package dev.osteon.app.image;

import dev.osteon.app.image.dicom.DicomHeader;
import dev.osteon.app.image.dicom.PixelSpacing;
import java.util.Optional;

/**
 * A grey image with what its file says of its geometry, and nothing of what it says of a person.
 *
 * @param image the picture
 * @param source what it came from
 */
public record Radiograph(GrayImage image, Source source) {

    /** The kinds of files. */
    public sealed interface Source {}

    /**
     * A picture without a geometry of its own.
     *
     * @param format one of the others than DICOM
     */
    public record Picture(ImageFormat format) implements Source {}

    /**
     * A DICOM file.
     *
     * @param header its geometry
     * @param subject pseudonym of the patient ID, if one was asked for and the file has an ID
     * @param lowestStored smallest stored value
     * @param highestStored largest stored value
     */
    public record Dicom(DicomHeader header, Optional<String> subject, int lowestStored, int highestStored)
            implements Source {}

    /** Distance of the pixels, where the file has a trustworthy one. */
    public Optional<PixelSpacing> spacing() {
        return source instanceof Dicom dicom ? dicom.header.spacing() : Optional.empty();
    }

    /** 64 hex digits that stand for the patient, where they were asked for and the file has an ID. */
    public Optional<String> subjectHash() {
        return source instanceof Dicom dicom ? dicom.subject : Optional.empty();
    }
}
