package dev.osteon.app.image.dicom;

/**
 * The distance between neighbouring pixels' centres.
 *
 * @param rowMm between rows, millimetres, above 0
 * @param columnMm between columns, millimetres, above 0
 * @param plane where it was measured
 */
public record PixelSpacing(double rowMm, double columnMm, Plane plane) {
    /** The plane that a spacing is valid in (DICOM PS3.3, 10.7.1.3). */
    public enum Plane {
        /** Corrected to the patient, or otherwise what the maker meant for measuring: Pixel Spacing. */
        CALIBRATED,
        /** At the detector, which enlarges what lies before it: Imager Pixel Spacing. */
        DETECTOR
    }
}
