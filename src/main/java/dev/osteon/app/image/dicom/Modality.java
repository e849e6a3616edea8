package dev.osteon.app.image.dicom;

/** From stored to modality values (DICOM PS3.3, C.11.1). */
sealed interface Modality {
    double value(int stored);

    /** {@code slope * stored + intercept}; the slope is not 0. */
    record Rescale(double slope, double intercept) implements Modality {
        @Override
        public double value(int stored) {
            return slope * stored + intercept;
        }
    }

    /** A table, for detectors that are not linear. */
    record Table(LookupTable table) implements Modality {
        @Override
        public double value(int stored) {
            return table.at(stored);
        }
    }

    /** The table where there is one, or else the line. */
    static Modality of(Elements elements, boolean signed) throws DicomException {
        Elements item = elements.item(Element.MODALITY_LUTS).orElse(null);
        if (item != null) {
            return new Table(LookupTable.of(item, signed));
        }
        double[] slope = elements.decimals(Element.RESCALE_SLOPE);
        double[] intercept = elements.decimals(Element.RESCALE_INTERCEPT);
        double m = slope.length == 0 ? 1 : slope[0];
        double b = intercept.length == 0 ? 0 : intercept[0];
        if (m == 0 || !Double.isFinite(m) || !Double.isFinite(b)) {
            throw new DicomException("Rescale Slope is 0 or not finite; replace the file");
        }
        return new Rescale(m, b);
    }
}
