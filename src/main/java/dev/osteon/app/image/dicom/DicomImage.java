package dev.osteon.app.image.dicom;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * A radiograph from a DICOM file, in grey levels that need nothing of its header any more.
 *
 * @param header its geometry
 * @param subject pseudonym of the patient ID; empty unless asked for, and where the file has no ID
 * @param bitDepth 8 where at most 8 bits are stored and neither window nor table applies, 16 otherwise
 * @param samples {@code rows * columns} unsigned samples of that depth, smallest black
 * @param lowestStored smallest stored value, before any window
 * @param highestStored largest stored value
 */
public record DicomImage(DicomHeader header, Optional<String> subject, int bitDepth, short[] samples,
        int lowestStored, int highestStored) {

    /**
     * Reads a Part 10 file and applies modality transformation, window or table, and inversion of MONOCHROME1.
     *
     * @param salt for a pseudonym of the patient ID; without one the ID is not read
     * @throws DicomException if the file is truncated, damaged, or not one grey frame in a supported coding
     * @throws IOException if the file cannot be read from its disk
     */
    public static DicomImage read(Path file, Optional<SubjectSalt> salt) throws IOException, DicomException {
        Set<Element> wanted = EnumSet.copyOf(Element.GEOMETRY);
        if (salt.isPresent()) {
            wanted.add(Element.PATIENT_ID);
        }
        try (InputStream in = Files.newInputStream(file)) {
            DicomParser.Parsed parsed = DicomParser.parse(in, wanted);
            Optional<String> subject = salt.flatMap(s -> parsed.patientId().map(s::hash));
            return render(parsed.header(), subject, FrameDecoder.decode(parsed));
        }
    }

    private static DicomImage render(DicomHeader header, Optional<String> subject, short[] samples) {
        boolean narrow = header.bitsStored() <= 8 && header.voi() instanceof Voi.FullRange
                && header.modality() instanceof Modality.Rescale;
        short[] greys = greys(header, narrow ? 255 : 65535);
        int shift = header.highBit() + 1 - header.bitsStored();
        int mask = greys.length - 1;
        int lowest = Integer.MAX_VALUE;
        int highest = Integer.MIN_VALUE;
        for (int i = 0; i < samples.length; i++) {
            int code = (samples[i] & 0xFFFF) >> shift & mask;
            int stored = header.storedValue(code);
            lowest = Math.min(lowest, stored);
            highest = Math.max(highest, stored);
            samples[i] = greys[code];
        }
        return new DicomImage(header, subject, narrow ? 8 : 16, samples, lowest, highest);
    }

    /** The grey of each bit pattern that the stored bits can have. */
    private static short[] greys(DicomHeader header, int white) {
        short[] greys = new short[1 << header.bitsStored()];
        for (int code = 0; code < greys.length; code++) {
            double grey = header.voi().grey(header.modality().value(header.storedValue(code)));
            double shown = header.photometric() == Photometric.MONOCHROME1 ? 1 - grey : grey;
            greys[code] = (short) Math.round(white * shown);
        }
        return greys;
    }
}
