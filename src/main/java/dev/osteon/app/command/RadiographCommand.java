package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.image.Radiograph;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.app.image.dicom.DicomHeader;
import dev.osteon.app.image.dicom.PixelSpacing;
import dev.osteon.app.image.dicom.SubjectSalt;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon radiograph}: what is in radiographs' files, as far as it names nobody. */
@Command(name = "radiograph", description = "Radiographs' files: PNG, JPEG, TIFF and DICOM.",
        synopsisSubcommandLabel = "COMMAND")
public final class RadiographCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** @return 0 if all files can be read, 2 otherwise */
    @Command(name = "inspect", mixinStandardHelpOptions = true,
            description = "Prints size, bits, spacing, coding and range of values; nothing that names a person.",
            footer = {"", "Example:", "  osteon radiograph inspect wrist.dcm hand.png"})
    int inspect(
            @Parameters(arity = "1..*", paramLabel = "FILE", description = "Radiographs.") List<Path> files,
            @Option(names = "--salt", paramLabel = "FILE", description = "Prints a pseudonym of the patient ID too: "
                    + "HMAC-SHA-256 with this file's bytes (at least 16, kept secret) as the key.")
            Optional<Path> saltFile) throws IOException {
        Optional<SubjectSalt> salt = saltFile.isPresent() ? Optional.of(salt(saltFile.get())) : Optional.empty();
        PrintWriter out = spec.commandLine().getOut();
        boolean all = true;
        for (Path file : files) {
            try {
                print(out, file, ImageFiles.radiograph(file, salt));
            } catch (UnreadableImageException e) {
                all = false;
                spec.commandLine().getErr().println("osteon: " + e.getMessage());
            }
            out.flush();
        }
        spec.commandLine().getErr().flush();
        return all ? 0 : 2;
    }

    private static SubjectSalt salt(Path file) throws IOException {
        try {
            return new SubjectSalt(Files.readAllBytes(file));
        } catch (IllegalArgumentException e) {
            throw new UserError(file + ": " + e.getMessage(), e);
        }
    }

    private static void print(PrintWriter out, Path file, Radiograph radiograph) {
        GrayImage image = radiograph.image();
        out.println(file);
        line(out, "size", image.width() + " x " + image.height() + " pixels");
        switch (radiograph.source()) {
            case Radiograph.Picture picture -> line(out, "format", picture.format().name());
            case Radiograph.Dicom dicom -> print(out, dicom);
        }
        int lowest = image.maxSample();
        int highest = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                lowest = Math.min(lowest, image.get(x, y));
                highest = Math.max(highest, image.get(x, y));
            }
        }
        line(out, "greys as read", "%d bits, %d to %d".formatted(image.bitDepth(), lowest, highest));
        radiograph.subjectHash().ifPresent(subject -> line(out, "subject", subject));
    }

    private static void print(PrintWriter out, Radiograph.Dicom dicom) {
        DicomHeader header = dicom.header();
        line(out, "format", "DICOM, " + header.syntax().title() + " (" + header.syntax().uid() + ")");
        line(out, "stored", "%d of %d bits, %s, %d to %d, %s".formatted(header.bitsStored(), header.bitsAllocated(),
                header.signed() ? "signed" : "unsigned", dicom.lowestStored(), dicom.highestStored(),
                header.photometric()));
        line(out, "window", header.voi().describe());
        line(out, "spacing", header.spacing().map(RadiographCommand::words).orElse("not given"));
    }

    private static String words(PixelSpacing spacing) {
        return String.format(Locale.ROOT, "%.4f mm between rows, %.4f mm between columns (%s)", spacing.rowMm(),
                spacing.columnMm(), spacing.plane().name().toLowerCase(Locale.ROOT));
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf("  %-14s%s%n", name, value);
    }
}
