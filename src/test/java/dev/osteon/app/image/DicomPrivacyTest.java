package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.app.image.dicom.SubjectSalt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Identifiers planted in DICOM files reach no output, no log and no error message. */
class DicomPrivacyTest {
    private static final byte[] SALT = "sixteen bytes or more".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final Osteon osteon = new Osteon();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void listen() {
        System.setOut(new PrintStream(console, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(console, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(out);
        System.setErr(err);
    }

    private String printed() {
        return osteon.out() + osteon.err();
    }

    private static SyntheticDicom file(String syntax, int seed) throws IOException {
        int[] samples = IntStream.range(0, 32 * 32).map(i -> (i * (seed + 3) + i / 32 * 41) % 4096).toArray();
        SyntheticDicom file = SyntheticDicom.of(syntax, 32, 32, 16, 12);
        return switch (syntax) {
            case SyntheticDicom.JPEG_2000 -> file.frame("OB", FrameEncoders.jpeg2000(samples, 32, 12));
            case SyntheticDicom.JPEG_LOSSLESS_SV1 -> file.frame("OB", FrameEncoders.jpegLossless(samples, 32, 12));
            default -> file.samples(samples);
        };
    }

    private static void assertNobodyIn(String text) {
        assertThat(text).doesNotContainIgnoringCase("PLANTED");
        SyntheticDicom.IDENTIFIERS.forEach(planted -> assertThat(text).doesNotContainIgnoringCase(planted));
    }

    @Test
    void thePlantedStringsAreReallyInTheFiles() throws IOException {
        String content = new String(file(SyntheticDicom.JPEG_LOSSLESS_SV1, 1).write(), StandardCharsets.ISO_8859_1);
        assertThat(content).contains(SyntheticDicom.IDENTIFIERS);
    }

    @Test
    void aRunOverDicomFilesTellsOfNobody() throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        List<String> syntaxes = List.of(SyntheticDicom.EXPLICIT, SyntheticDicom.IMPLICIT, SyntheticDicom.JPEG_2000,
                SyntheticDicom.JPEG_LOSSLESS_SV1);
        StringBuilder labels = new StringBuilder("file,t_score\n");
        for (int i = 0; i < 24; i++) {
            boolean tiff = i % 6 == 5;
            String name = "s" + i + (tiff ? ".tif" : ".dcm");
            int[] samples = IntStream.range(0, 32 * 32).map(k -> k * 64).toArray();
            Files.write(data.resolve(name), tiff
                    ? FrameEncoders.encoded(FrameEncoders.picture(samples, 32, 16), "tif")
                    : file(syntaxes.get(i % 4), i).write());
            labels.append(name).append(i % 3 == 0 ? ",-3\n" : ",0\n");
        }
        Files.writeString(data.resolve("labels.csv"), labels);
        String run = folder.resolve("run").toString();
        assertThat(osteon.run("run", "--preset", "smoke", "--out", run, "--data", data.toString(), "pretrain.epochs=1",
                "probe.epochs=2", "evaluation.resamples=5", "views.globalSize=16", "views.localSize=8",
                "encoder.width=2", "probe.size=16", "data.longestSide=24", "pretrain.batch=8"))
                .as(printed() + "\n" + console).isZero();
        assertNobodyIn(printed() + "\n" + console);
        try (Stream<Path> files = Files.walk(Path.of(run))) {
            List<Path> written = files.filter(Files::isRegularFile).toList();
            assertThat(written).anyMatch(f -> f.endsWith("report.html"));
            for (Path file : written) {
                assertNobodyIn(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
    }

    @Test
    void errorsTellOfNobodyEvenWithDebug() throws IOException {
        List<SyntheticDicom> refused = List.of(
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280008, "IS", "12"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280008, "IS", "PLANTEDNAME"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280008, "IS", "19580123"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280004, "CS", "PLANTEDNAME"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00281050, "DS", "PLANTEDNAME"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00281056, "CS", "PLANTEDNAME"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280030, "DS", "1\\PLANTEDNAME"),
                file(SyntheticDicom.EXPLICIT, 1).text(0x00280301, "CS", "YES"),
                file(SyntheticDicom.EXPLICIT, 1).word(0x00280002, 3).text(0x00280004, "CS", "RGB"),
                file(SyntheticDicom.EXPLICIT, 1).without(0x00280010),
                file(SyntheticDicom.EXPLICIT, 1).word(0x00280010, 65535).word(0x00280011, 65535),
                file(SyntheticDicom.EXPLICIT, 1).word(0x00280010, 8000).word(0x00280011, 8000),
                file(SyntheticDicom.EXPLICIT, 1).word(0x00280100, 32),
                file(SyntheticDicom.JPEG_2000, 1).word(0x00280010, 64),
                file(SyntheticDicom.JPEG_LOSSLESS_SV1, 1).frame("OB", "PLANTEDNAME".getBytes(StandardCharsets.UTF_8)),
                file(SyntheticDicom.JPEG_2000, 1).frame("OB", "PLANTEDNAME".getBytes(StandardCharsets.UTF_8)),
                file("1.2.840.10008.1.2.4.80", 1), file("1.2.3.4711.99", 1), file("PLANTEDNAME", 1));
        for (int i = 0; i < refused.size(); i++) {
            Path file = Files.write(folder.resolve("bad" + i + ".dcm"), refused.get(i).write());
            osteon.forget();
            assertThat(osteon.run("--debug", "radiograph", "inspect", file.toString())).isEqualTo(2);
            assertThat(printed().strip()).hasLineCount(1).startsWith("osteon: ").contains("bad" + i + ".dcm");
            assertNobodyIn(printed());
        }
        assertThat(console.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void theReasonsAreClear() throws IOException {
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).text(0x00280008, "IS", "12"))).contains("12 frames");
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).word(0x00280002, 3))).contains("colour");
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).text(0x00280301, "CS", "YES"))).contains("burned");
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).text(0x00280301, "CS", "Yes"))).contains("burned");
        assertThat(reason(file("1.2.840.10008.1.2.4.80", 1))).contains("1.2.840.10008.1.2.4.80", "gdcmconv");
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).word(0x00280010, 65535).word(0x00280011, 65535)))
                .contains("65535 rows");
        assertThat(reason(file(SyntheticDicom.EXPLICIT, 1).word(0x00280010, 8000).word(0x00280011, 8000)))
                .contains("too short");
    }

    private String reason(SyntheticDicom file) throws IOException {
        Path at = Files.write(folder.resolve("bad.dcm"), file.write());
        try {
            throw new AssertionError("was read: " + ImageFiles.read(at));
        } catch (UnreadableImageException e) {
            return e.getMessage();
        }
    }

    @Test
    void theSubjectIsASaltedHashAndOnlyWhereAskedFor() throws Exception {
        Path image = Files.write(folder.resolve("a.dcm"), file(SyntheticDicom.IMPLICIT, 1).write());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SALT, "HmacSHA256"));
        String expected = HexFormat.of().formatHex(mac.doFinal(
                SyntheticDicom.PATIENT_ID.getBytes(StandardCharsets.US_ASCII)));
        assertThat(ImageFiles.radiograph(image, Optional.of(new SubjectSalt(SALT))).subjectHash()).contains(expected);
        assertThat(ImageFiles.radiograph(image, Optional.empty()).subjectHash()).isEmpty();
        Path nobody = Files.write(folder.resolve("b.dcm"), file(SyntheticDicom.EXPLICIT, 1)
                .text(0x00100020, "LO", "  ").write());
        assertThat(ImageFiles.radiograph(nobody, Optional.of(new SubjectSalt(SALT))).subjectHash()).isEmpty();

        Path salt = Files.write(folder.resolve("salt"), SALT);
        assertThat(osteon.run("radiograph", "inspect", "--salt", salt.toString(), image.toString())).isZero();
        assertThat(printed()).contains(expected, "32 x 32", "12 of 16 bits", "0.1500 mm");
        osteon.forget();
        assertThat(osteon.run("radiograph", "inspect", image.toString())).isZero();
        assertThat(printed()).doesNotContain(expected).contains("implicit VR little endian");
        assertNobodyIn(printed());
        Files.write(salt, new byte[3]);
        osteon.forget();
        assertThat(osteon.run("radiograph", "inspect", "--salt", salt.toString(), image.toString())).isEqualTo(2);
        assertThat(printed().strip()).hasLineCount(1).contains("salt", "at least 16");
    }
}
