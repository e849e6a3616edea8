package dev.osteon.app.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code osteon onnx}: models of other frameworks on this engine. */
@Command(name = "onnx", description = "Looks at, runs and checks ONNX models.", synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {OnnxInspectCommand.class, OnnxRunCommand.class, OnnxConformanceCommand.class})
public final class OnnxCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
