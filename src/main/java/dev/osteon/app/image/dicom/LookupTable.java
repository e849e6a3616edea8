package dev.osteon.app.image.dicom;

/**
 * A modality or VOI lookup table (DICOM PS3.3, C.11.1.1 and C.11.2.1.1).
 *
 * @param first the value that the first entry is for; smaller ones take it too
 * @param bits of an entry, 8 to 16
 * @param entries unsigned
 */
record LookupTable(int first, int bits, int[] entries) {

    /**
     * @param item holds the descriptor and the data
     * @param signed whether the values looked up can be negative
     */
    static LookupTable of(Elements item, boolean signed) throws DicomException {
        int[] descriptor = item.words(Element.LUT_DESCRIPTOR);
        if (descriptor.length != 3) {
            throw damaged();
        }
        int count = descriptor[0] == 0 ? 65536 : descriptor[0];
        int bits = descriptor[2];
        byte[] bytes = item.bytes(Element.LUT_DATA);
        int[] words = item.words(Element.LUT_DATA);
        if (bits < 8 || bits > 16 || words.length < count && (bits > 8 || bytes.length < count)) {
            throw damaged();
        }
        int[] entries = new int[count];
        for (int i = 0; i < count; i++) {
            // Entries of 8 bits may lie two in a word.
            entries[i] = (words.length < count ? bytes[i] & 0xFF : words[i]) & (1 << bits) - 1;
        }
        return new LookupTable(signed ? (short) descriptor[1] : descriptor[1], bits, entries);
    }

    private static DicomException damaged() {
        return new DicomException("its lookup table is damaged; replace the file");
    }

    int at(double value) {
        return entries[(int) Math.clamp(Math.round(value) - first, 0L, entries.length - 1L)];
    }

    /** The largest value that an entry can have. */
    int highest() {
        return (1 << bits) - 1;
    }
}
