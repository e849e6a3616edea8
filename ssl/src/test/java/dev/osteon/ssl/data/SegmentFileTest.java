package dev.osteon.ssl.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.ssl.views.MultiCrop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentFileTest {

    private static final int CANVASES = 4096;      // where they begin in a file of few segments
    private static final List<Integer> TRAIN = List.of(0, 2, 4);

    @TempDir
    Path folder;

    /** Of different sizes, an odd one the largest, the last the smallest. */
    private static List<Segment> segments() {
        return IntStream.of(20, 31, 43, 7, 12, 1).mapToObj(height -> {
            int width = Math.max(1, height * 2 / 3);
            Philox random = Philox.of(height);
            float[] pixels = new float[height * width];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) Math.max(0, random.nextDouble() - 0.2);
            }
            return Segment.of(pixels, height, width);
        }).toList();
    }

    private Path written() throws IOException {
        Path file = folder.resolve("bones");
        SegmentFile.write(file, segments().size(), receiver -> segments().forEach(receiver));
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void viewsAreToTheBitThoseOfAStoreInMemory(String name) throws IOException {
        Device device = name.equals("cpu") ? Device.CPU : Device.REFERENCE;
        MultiCrop crops = new MultiCrop(new Resolution(2, 24, new RandomResizedCrop(0.14, 1)),
                new Resolution(1, 9, new RandomResizedCrop(0.05, 0.14)), 20);
        int[] all = IntStream.range(0, segments().size()).toArray();
        long live = Tensor.live();
        try (TensorScope scope = TensorScope.open(); SegmentFile file = SegmentFile.open(written());
                SegmentStore mapped = new SegmentStore(file, device, TRAIN);
                SegmentStore memory = new SegmentStore(segments(), device, TRAIN)) {
            assertThat(mapped.size()).isEqualTo(file.size()).isEqualTo(all.length);
            assertThat(mapped.levels()).isEqualTo(memory.levels());
            for (int n : all) {
                assertThat(mapped.segment(n).levels()).containsExactly(segments().get(n).levels());
                assertThat(mapped.segment(n).height()).isEqualTo(segments().get(n).height());
            }
            assertThat(mapped.whole(all, 16).toFloats()).containsExactly(memory.whole(all, 16).toFloats());
            Tensor samples = Tensor.of(device, Shape.of(all.length), all);
            Tensor key = Tensor.of(device, Shape.of(2), 1, 2);
            List<SegmentStore.Cuts> ours = mapped.draw(samples, key, crops.sampling()).views();
            List<SegmentStore.Cuts> theirs = memory.draw(samples, key, crops.sampling()).views();
            for (int i = 0; i < ours.size(); i++) {
                assertThat(mapped.cut(ours.get(i)).toFloats()).containsExactly(memory.cut(theirs.get(i)).toFloats());
            }
        }
        assertThat(Tensor.live()).isEqualTo(live);
    }

    @Test
    void aStoreOnTheHostCopiesNothingAndOutlivesTheFile() throws IOException {
        Path path = written();
        long before = Backends.of(Device.CPU).allocator().stats().active();
        SegmentFile file = SegmentFile.open(path);
        try (SegmentStore store = new SegmentStore(file, Device.CPU, TRAIN)) {
            assertThat(Backends.of(Device.CPU).allocator().stats().active())     // the segments' sides, no canvas
                    .isLessThan(before + 43 * 43 * Short.BYTES);
            file.close();
            Files.delete(path);
            assertThat(store.segment(2).levels()).containsExactly(segments().get(2).levels());
        }
    }

    @Test
    void whatIsOutsideASegmentIsZero() throws IOException {
        byte[] all = Files.readAllBytes(written());
        long other = IntStream.range(CANVASES, all.length).filter(i -> all[i] != 0).count();
        long bone = segments().stream().mapToLong(s -> SegmentSummary.of(s).bone()).sum();
        assertThat(all).hasSize(CANVASES + segments().size() * 43 * 43 * Short.BYTES);
        assertThat(other).isBetween(bone, 2 * bone);
    }

    @ParameterizedTest
    @CsvSource({
        "5, is no file of segments",
        "8, is of version",
        "12, is of a machine with another byte order",
        "16, is cut short",
        "20, is cut short",
        "24, is damaged or cut short",
        "33, its table is not what was written",
        "41, its table is not what was written",
        "60, its table is not what was written",
        "4096, segment 0 is not what was written",
        "15000, segment 2 is not what was written",
    })
    void damageIsNoticed(int at, String found) throws IOException {
        Path file = written();
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x40;
        Files.write(file, bytes);
        assertThatThrownBy(() -> SegmentFile.open(file)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(file.toString()).hasMessageContaining(found).message().hasLineCount(1);
        assertThat(SegmentFile.deleteUnused(file)).as("nobody has it open").isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 39, 40, 100, 4095, 4096, 9000, -1})
    void aFileThatIsCutShortIsNoticed(int length) throws IOException {
        Path file = written();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, length < 0 ? bytes.length + length : length));
        assertThatThrownBy(() -> SegmentFile.open(file)).isInstanceOf(IOException.class)
                .hasMessageContaining("cut short");
    }

    @Test
    void aSourceThatFailsLeavesNothing() throws IOException {
        Path file = folder.resolve("bones");
        assertThatThrownBy(() -> SegmentFile.write(file, 2, receiver -> {
            receiver.accept(segments().getFirst());
            throw new IOException("the second is gone");
        })).isInstanceOf(IOException.class).hasMessageContaining("the second is gone");
        assertThatThrownBy(() -> SegmentFile.write(file, 2, receiver -> receiver.accept(segments().getFirst())))
                .isInstanceOf(IllegalStateException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aFileThatThisProcessHasOpenIsNotDeleted() throws IOException {
        Path path = written();
        try (SegmentFile one = SegmentFile.open(path)) {
            try (SegmentFile other = SegmentFile.open(path)) {
                assertThat(other.size()).isEqualTo(one.size());
            }
            assertThat(SegmentFile.deleteUnused(path)).isFalse();
        }
        assertThat(SegmentFile.deleteUnused(path)).isTrue();
        assertThat(path).doesNotExist();
    }

    @Test
    void aFileThatAnotherProcessHasOpenIsNotDeletedUntilThatEnds() throws Exception {
        Path path = written();
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Holder.class.getName(), path.toString()).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('o');
            assertThat(SegmentFile.deleteUnused(path)).isFalse();
            try (SegmentFile both = SegmentFile.open(path)) {
                assertThat(both.size()).isEqualTo(segments().size());
            }
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(SegmentFile.deleteUnused(path)).isTrue();
    }

    /** Opens a file, says so, and holds it until it is killed. */
    static final class Holder {

        private Holder() {}

        public static void main(String[] arguments) throws Exception {
            SegmentFile.open(Path.of(arguments[0]));
            System.out.print("open");
            System.out.flush();
            Thread.sleep(60_000);
        }
    }
}
