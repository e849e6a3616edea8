package dev.osteon.models.onnx.conformance;

import dev.osteon.models.onnx.conformance.TestCase.DataSet;
import dev.osteon.models.onnx.value.OnnxException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Test cases from a folder or a {@code .tar.gz}: every {@code NAME/model.onnx} with
 * {@code NAME/test_data_set_K/input_I.pb} and {@code output_I.pb} is one, and so is every {@code NAME.onnx} with
 * {@code NAME_output_I.pb} beside it, as ONNX's whole topologies come, whose inputs are made up as ONNX does (see
 * {@link Runner}).
 */
public final class TestSuite {

    private static final String MODEL = "model.onnx";
    /** Ten times ONNX's own suites, which unpack to about 20 MB. */
    private static final long LARGEST_SUITE = 1L << 28;

    private TestSuite() {}

    /** The cases, by name. */
    public static List<TestCase> read(Path source) throws IOException {
        TreeMap<String, byte[]> files = new TreeMap<>();
        boolean folder = Files.isDirectory(source);
        if (folder) {
            try (Stream<Path> all = Files.walk(source)) {
                for (Path file : all.filter(f -> belongs(f.toString())).toList()) {
                    files.put(source.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
                }
            }
        } else {
            try (InputStream in = Files.newInputStream(source)) {
                unpack(source, in, files);
            }
        }
        List<TestCase> cases = new ArrayList<>();
        files.keySet().stream().filter(name -> name.endsWith(".onnx")).forEach(name -> cases.add(
                testCase(name, files, folder ? Optional.of(source) : Optional.empty())));
        if (cases.isEmpty()) {
            throw new OnnxException(source + ": given no test cases; expected folders with model.onnx and "
                    + "test_data_set_0, or a .tar.gz of them");
        }
        return cases;
    }

    private static boolean belongs(String name) {
        return name.endsWith(".onnx") || name.endsWith(".pb");
    }

    /** Reads no more than it unpacks to at most: a few bytes of an archive can stand for any number. */
    private static void unpack(Path source, InputStream in, Map<String, byte[]> files) throws IOException {
        long left = LARGEST_SUITE;
        TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(new BufferedInputStream(in)));
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (entry.isFile() && belongs(entry.getName())) {
                byte[] content = tar.readNBytes((int) Math.min(left + 1, Integer.MAX_VALUE - 8L));
                left -= content.length;
                if (left < 0) {
                    throw new OnnxException(source + ": given tests of more than " + (LARGEST_SUITE >> 20)
                            + " MB; unpack it and give the folder");
                }
                files.put(entry.getName(), content);
            }
        }
    }

    private static TestCase testCase(String path, TreeMap<String, byte[]> files, Optional<Path> source) {
        int slash = path.lastIndexOf('/');
        String folder = path.substring(0, slash + 1);
        Optional<Path> external = source.map(s -> s.resolve(folder));
        if (!path.substring(slash + 1).equals(MODEL)) {
            String stem = path.substring(0, path.length() - ".onnx".length());
            return new TestCase(stem.substring(slash + 1), files.get(path),
                    List.of(new DataSet(List.of(), series(files, stem + "_output_"))), external);
        }
        String name = folder.isEmpty() ? "model" : folder.substring(folder.lastIndexOf('/', folder.length() - 2) + 1,
                folder.length() - 1);
        List<DataSet> sets = new ArrayList<>();
        for (int k = 0; ; k++) {
            String prefix = folder + "test_data_set_" + k + "/";
            List<byte[]> outputs = series(files, prefix + "output_");
            if (outputs.isEmpty()) {
                return new TestCase(name, files.get(path), sets, external);
            }
            sets.add(new DataSet(series(files, prefix + "input_"), outputs));
        }
    }

    private static List<byte[]> series(Map<String, byte[]> files, String prefix) {
        List<byte[]> found = new ArrayList<>();
        while (files.containsKey(prefix + found.size() + ".pb")) {
            found.add(files.get(prefix + found.size() + ".pb"));
        }
        return found;
    }
}
