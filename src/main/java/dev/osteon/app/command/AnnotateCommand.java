package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.annotate.AnnotatorServer;
import dev.osteon.app.annotate.Workplace;
import dev.osteon.app.run.Devices;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon annotate}: a page for placing prompts. */
@Command(name = "annotate", description = "Serves a page on this machine for placing prompts on radiographs.",
        footer = {"", "Examples:", "  osteon annotate --images radiographs --prompts prompts.json",
            "  osteon segment --images radiographs --prompts prompts.json --out segments", "",
            "Open the printed address in a browser on this machine; over ssh, forward the",
            "port (ssh -L PORT:127.0.0.1:PORT) and use the same address. Every change is",
            "saved at once. Press ? on the page for the keys, Ctrl-C here to stop."})
public final class AnnotateCommand implements Callable<Integer> {

    private static final int HIGHEST_PORT = 65_535;

    @Spec
    private CommandSpec spec;

    @Option(names = "--images", required = true, paramLabel = "DIR", description = "Folder with radiographs.")
    private Path images;

    @Option(names = "--prompts", required = true, paramLabel = "FILE", description = "Prompts file (JSON) to work on; "
            + "made with the first change if it is not there.")
    private Path prompts;

    @Mixin
    private SamOption sam = new SamOption();

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for exported masks, and for what the encoder "
            + "computed (default: the prompts file's name with -masks, beside it).")
    private Optional<Path> out;

    @Option(names = "--port", defaultValue = "0", paramLabel = "N",
            description = "Port on 127.0.0.1 (default: any that is free).")
    private int port;

    @Option(names = "--device", defaultValue = "auto", description = "auto (default), cpu, reference or cuda.")
    private String device;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new UserError("--port: given " + port + "; expected 1 to " + HIGHEST_PORT + ", or 0 for any");
        }
        Path file = prompts.toAbsolutePath();
        if (Files.isDirectory(file)) {
            throw new UserError("--prompts: given " + prompts + ", which is a folder; expected a file to work on");
        }
        Path results = out.orElseGet(() -> file.resolveSibling(file.getFileName().toString()
                .replaceFirst("\\.json$", "") + "-masks"));
        PrintWriter print = spec.commandLine().getOut();
        CountDownLatch stopped = new CountDownLatch(1);
        try (Workplace workplace = new Workplace(images, file, results, sam.files(), Devices.choose(device, 0));
                AnnotatorServer server = new AnnotatorServer(workplace, port, System.err)) {
            print.printf("Open %s%nCtrl-C stops; every change is saved in %s.%n", server.address(), prompts);
            print.flush();
            stopped.await();   // until the process is ended
        }
        return 0;
    }
}
