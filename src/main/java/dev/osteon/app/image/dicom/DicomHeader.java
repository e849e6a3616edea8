package dev.osteon.app.image.dicom;

import java.util.Optional;

/**
 * What is kept of a DICOM header: the geometry of the picture, and nothing of whose it is.
 *
 * @param syntax how the file is coded
 * @param rows height in pixels, at least 1
 * @param columns width in pixels, at least 1
 * @param bitsAllocated bits that a stored sample takes: 8 or 16
 * @param bitsStored bits of them that are its value
 * @param highBit the uppermost of these
 * @param signed whether stored values are two's complement
 * @param photometric which end of the values is white
 * @param modality from stored to modality values
 * @param voi from modality values to greys
 * @param spacing of the pixels, where the file says so
 */
public record DicomHeader(TransferSyntax syntax, int rows, int columns, int bitsAllocated, int bitsStored, int highBit,
        boolean signed, Photometric photometric, Modality modality, Voi voi, Optional<PixelSpacing> spacing) {

    /** Several times the largest detector's pixels; bounds what a hostile header of any format can ask for. */
    public static final long MOST_PIXELS = 1L << 26;

    /** A larger number than this is not one of frames, and is not repeated. */
    private static final int MOST_FRAMES = 99_999;

    /** @throws DicomException if an element is missing or senseless, or the picture is not one grey frame */
    static DicomHeader of(TransferSyntax syntax, Elements elements) throws DicomException {
        refuseOtherThanOneGreyFrame(elements);
        int rows = elements.required(Element.ROWS);
        int columns = elements.required(Element.COLUMNS);
        if (rows < 1 || columns < 1 || (long) rows * columns > MOST_PIXELS) {
            throw new DicomException("%d rows and %d columns: expected at least 1 each and at most %d pixels"
                    .formatted(rows, columns, MOST_PIXELS));
        }
        int allocated = elements.required(Element.BITS_ALLOCATED);
        int stored = elements.required(Element.BITS_STORED);
        int high = elements.word(Element.HIGH_BIT).orElse(stored - 1);
        if (allocated != 8 && allocated != 16 || stored < 2 || high >= allocated || high < stored - 1) {
            throw new DicomException(("%d bits allocated, %d stored, high bit %d: expected 8 or 16 allocated with 2 to "
                    + "as many stored").formatted(allocated, stored, high));
        }
        boolean signed = elements.word(Element.PIXEL_REPRESENTATION).orElse(0) == 1;
        Modality modality = Modality.of(elements, signed);
        return new DicomHeader(syntax, rows, columns, allocated, stored, high, signed, photometric(elements), modality,
                voi(elements, modality, stored, signed), spacing(elements));
    }

    private static void refuseOtherThanOneGreyFrame(Elements elements) throws DicomException {
        double[] frames = elements.decimals(Element.FRAMES);
        if (frames.length > 0 && frames[0] != 1) {
            boolean sensible = frames[0] >= 0 && frames[0] <= MOST_FRAMES;
            String count = sensible ? String.valueOf((int) frames[0]) : "a senseless number of";
            throw new DicomException("holds " + count + " frames; expected a single radiograph: write the wanted frame "
                    + "to a file of its own");
        }
        int samples = elements.word(Element.SAMPLES_PER_PIXEL).orElse(1);
        if (samples != 1) {
            throw new DicomException("is a colour image (%d samples per pixel); expected a grey one"
                    .formatted(samples));
        }
        if (elements.text(Element.BURNED_IN).filter("YES"::equalsIgnoreCase).isPresent()) {
            throw new DicomException("says that text which may name the patient is burned into its picture (Burned In "
                    + "Annotation is YES); blank the text, set the element to NO and try again");
        }
    }

    private static Photometric photometric(Elements elements) throws DicomException {
        return switch (elements.text(Element.PHOTOMETRIC).orElse("")) {
            case "MONOCHROME1" -> Photometric.MONOCHROME1;
            case "MONOCHROME2" -> Photometric.MONOCHROME2;
            default -> throw new DicomException("its photometric interpretation is not grey; expected MONOCHROME1 or "
                    + "MONOCHROME2");
        };
    }

    private static Voi voi(Elements elements, Modality modality, int bits, boolean signed) throws DicomException {
        double[] range = range(modality, bits, signed);
        double[] center = elements.decimals(Element.WINDOW_CENTER);
        double[] width = elements.decimals(Element.WINDOW_WIDTH);
        Voi.Function function = switch (elements.text(Element.VOI_FUNCTION).orElse("LINEAR")) {
            case "LINEAR" -> Voi.Function.LINEAR;
            case "LINEAR_EXACT" -> Voi.Function.LINEAR_EXACT;
            case "SIGMOID" -> Voi.Function.SIGMOID;
            default -> throw new DicomException("its VOI LUT Function is unknown; expected LINEAR, LINEAR_EXACT or "
                    + "SIGMOID");
        };
        // Archives hold zeros in place of absent windows; the standard has no window that narrow.
        double narrowest = function == Voi.Function.LINEAR ? 1 : Double.MIN_NORMAL;
        if (center.length > 0 && width.length > 0 && width[0] >= narrowest && Double.isFinite(center[0])
                && Double.isFinite(width[0])) {
            return new Voi.Window(function, center[0], width[0]);
        }
        Elements item = elements.item(Element.VOI_LUTS).orElse(null);
        return item == null ? new Voi.FullRange(range[0], range[1])
                : new Voi.Table(LookupTable.of(item, range[0] < 0));
    }

    /** The lowest and the highest modality value that the stored bits can give. */
    private static double[] range(Modality modality, int bits, boolean signed) {
        int lowest = signed ? -(1 << bits - 1) : 0;
        return switch (modality) {
            case Modality.Table t -> new double[] {0, t.table().highest()};
            case Modality.Rescale line -> {
                double a = line.value(lowest);
                double b = line.value(lowest + (1 << bits) - 1);
                yield new double[] {Math.min(a, b), Math.max(a, b)};
            }
        };
    }

    private static Optional<PixelSpacing> spacing(Elements elements) throws DicomException {
        Optional<PixelSpacing> calibrated =
                spacing(elements.decimals(Element.PIXEL_SPACING), PixelSpacing.Plane.CALIBRATED);
        return calibrated.isPresent() ? calibrated
                : spacing(elements.decimals(Element.IMAGER_PIXEL_SPACING), PixelSpacing.Plane.DETECTOR);
    }

    private static Optional<PixelSpacing> spacing(double[] mm, PixelSpacing.Plane plane) {
        boolean known = mm.length == 2 && mm[0] > 0 && mm[1] > 0 && Double.isFinite(mm[0] + mm[1]);
        return known ? Optional.of(new PixelSpacing(mm[0], mm[1], plane)) : Optional.empty();
    }

    int pixels() {
        return rows * columns;
    }

    /** The value in the stored bits of a sample: sign extended where signed. */
    int storedValue(int code) {
        int unused = Integer.SIZE - bitsStored;
        return signed ? code << unused >> unused : code << unused >>> unused;
    }
}
