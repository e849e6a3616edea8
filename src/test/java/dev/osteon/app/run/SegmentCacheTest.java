package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.engine.tensor.Device;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentFile;
import dev.osteon.ssl.data.SegmentStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentCacheTest {

    private static final int PICTURES = 40;
    private static final SegmentLoader LOADER = new SegmentLoader(24, 4);

    @TempDir
    Path folder;

    private final List<Path> pictures = new ArrayList<>();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Progress progress = Progress.silent(new PrintStream(said, true, StandardCharsets.UTF_8));
    private SegmentCache cache;

    /** Larger and smaller ones, of 8 and 16 bits, with a black border. */
    @BeforeEach
    void draw() throws IOException {
        for (int i = 0; i < PICTURES; i++) {
            GrayImage image = GrayImage.black(10 + i % 7, 12 + i * 3 % 40, i % 2 == 0 ? 8 : 16);
            for (int y = 1; y < image.height(); y++) {
                for (int x = 1; x < image.width(); x++) {
                    image.set(x, y, 1 + (x * 31 + y * 57 + i * 7919) % image.maxSample());
                }
            }
            pictures.add(folder.resolve("p" + i + ".png"));
            ImageFiles.writePng(image, pictures.get(i));
        }
        cache = new SegmentCache(folder.resolve("cache"), Long.MAX_VALUE, progress);
    }

    private String said() {
        String text = said.toString(StandardCharsets.UTF_8);
        said.reset();
        return text;
    }

    private static List<Path> list(Path where) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            return files.sorted().toList();
        }
    }

    private void requireThePictures(SegmentFile file) throws IOException {
        try (SegmentStore store = new SegmentStore(file, Device.REFERENCE, List.of(0))) {
            assertThat(store.size()).isEqualTo(PICTURES);
            for (int i = 0; i < PICTURES; i++) {
                GrayImage image = ImageFiles.read(pictures.get(i));
                Segment alone = new Segment(image.toUnsigned16(), image.height(), image.width()).within(24);
                assertThat(store.segment(i).levels()).as("picture %d", i).containsExactly(alone.levels());
                assertThat(store.segment(i).width()).isEqualTo(alone.width());
            }
        }
    }

    @Test
    void picturesAreDecodedOnceAndInTheirOrder() throws IOException {
        try (SegmentFile file = cache.open(pictures, LOADER)) {
            requireThePictures(file);
        }
        Path kept = list(cache.folder()).getFirst();
        Object identity = Files.readAttributes(kept, BasicFileAttributes.class).fileKey();
        Files.setLastModifiedTime(kept, FileTime.from(Instant.EPOCH));
        try (SegmentFile again = cache.open(pictures, new SegmentLoader(24, 1))) {
            requireThePictures(again);
        }
        assertThat(list(cache.folder())).containsExactly(kept);
        assertThat(Files.readAttributes(kept, BasicFileAttributes.class).fileKey())
                .isEqualTo(identity);
        assertThat(Files.getLastModifiedTime(kept).toInstant()).as("when it was last used")
                .isAfter(Instant.now().minusSeconds(600));
        assertThat(said()).isEmpty();
        if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache.folder())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void otherPicturesAnotherOrderOrSizeIsAnotherFile() throws IOException {
        cache.open(pictures, LOADER).close();
        cache.open(pictures, new SegmentLoader(23, 0)).close();
        cache.open(pictures.reversed(), LOADER).close();
        GrayImage image = ImageFiles.read(pictures.get(5));
        image.set(3, 3, image.get(3, 3) - 1);
        ImageFiles.writePng(image, pictures.get(5));
        cache.open(pictures, LOADER).close();
        assertThat(list(cache.folder())).hasSize(4);
        Path elsewhere = folder.resolve("elsewhere.png");
        Files.move(pictures.get(5), elsewhere);
        pictures.set(5, elsewhere);
        cache.open(pictures, LOADER).close();
        assertThat(list(cache.folder())).hasSize(4);
    }

    @Test
    void aDamagedFileIsMadeAnewAndToldOf() throws IOException {
        cache.open(pictures, LOADER).close();
        Path kept = list(cache.folder()).getFirst();
        byte[] whole = Files.readAllBytes(kept);
        byte[] damaged = whole.clone();
        damaged[whole.length - 24 * 24] ^= 1;
        for (byte[] bytes : List.of(damaged, Arrays.copyOf(whole, whole.length / 2), new byte[0])) {
            Files.write(kept, bytes);
            try (SegmentFile file = cache.open(pictures, LOADER)) {
                requireThePictures(file);
            }
            assertThat(said()).startsWith("segments: " + kept).contains("decoding the pictures again")
                    .hasLineCount(1);
            assertThat(kept).hasBinaryContent(whole);
        }
    }

    @Test
    void whatWasNotUsedForLongestGoesButNothingThatIsOpen() throws IOException {
        cache.open(pictures, LOADER).close();
        Path kept = list(cache.folder()).getFirst();
        SegmentCache small = new SegmentCache(cache.folder(), Files.size(kept) * 5 / 2, progress);
        Files.setLastModifiedTime(kept, FileTime.from(Instant.EPOCH));
        try (SegmentFile open = small.open(pictures.reversed(), LOADER)) {
            Path oldest = list(cache.folder()).stream().filter(file -> !file.equals(kept)).findFirst().orElseThrow();
            Files.setLastModifiedTime(oldest, FileTime.fromMillis(-1));
            small.open(pictures.subList(1, PICTURES), LOADER).close();
            assertThat(list(cache.folder())).hasSize(2).contains(oldest).doesNotContain(kept);
            assertThat(open.size()).isEqualTo(PICTURES);
        }
        new SegmentCache(cache.folder(), 1, progress).open(pictures, LOADER).close();
        assertThat(list(cache.folder())).containsExactly(kept);
    }

    @Test
    void whatKilledProcessesLeftIsRemovedAndWhatIsBeingWrittenIsNot() throws IOException {
        Files.createDirectories(cache.folder());
        Path left = Files.write(cache.folder().resolve(".k.segments.1-1.tmp"), new byte[9]);
        Path writing = Files.write(cache.folder().resolve(".k.segments.2-1.tmp"), new byte[9]);
        Path fresh = Files.write(cache.folder().resolve(".k.segments.3-1.tmp"), new byte[9]);
        for (Path old : List.of(left, writing)) {
            Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(100)));
        }
        try (FileChannel channel = FileChannel.open(writing, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            cache.open(pictures, LOADER).close();
        }
        assertThat(left).doesNotExist();
        assertThat(writing).exists();
        assertThat(fresh).exists();
    }

    @Test
    void picturesThatCannotBeReadAreAllNamedAndNothingIsKept() throws IOException {
        for (int i : new int[] {3, 11, 12, 30, 39}) {
            Files.writeString(pictures.get(i), "no picture");
        }
        Files.delete(pictures.get(12));
        for (SegmentLoader loader : List.of(LOADER, new SegmentLoader(24, 1))) {
            assertThatThrownBy(() -> cache.open(pictures, loader)).isInstanceOf(UserError.class).hasMessage(
                    "cannot read image " + pictures.get(3) + ": not in a known image format; expected PNG, JPEG, TIFF "
                            + "or DICOM; so are 4 others: p11.png, p12.png, p30.png, …; or leave them out (of the "
                            + "label file, where there is one)");
        }
        assertThat(list(cache.folder())).isEmpty();
    }

    @Test
    void picturesThatAreLookedAtOnceLeaveNothing() throws IOException {
        try (SegmentFile file = cache.openOnce(pictures, LOADER)) {
            assertThat(list(cache.folder())).isEmpty();
            requireThePictures(file);
        }
    }

    @Test
    void aFolderThatCannotBeWrittenToIsDoneWithout() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        SegmentCache nowhere = new SegmentCache(file.resolve("cache"), Long.MAX_VALUE, progress);
        try (SegmentFile segments = nowhere.open(pictures, LOADER)) {
            requireThePictures(segments);
        }
        assertThat(said()).contains(file.resolve("cache") + " cannot be written to",
                "-Dosteon.segments.cache=DIR").hasLineCount(1);
        try (SegmentFile segments = nowhere.openOnce(pictures, LOADER)) {
            requireThePictures(segments);
        }
    }

    @Test
    void aDiskThatIsTooSmallIsToldOf() throws IOException {
        cache.requireRoom(1000, 64);
        assertThatThrownBy(() -> cache.requireRoom(100_000_000, 1 << 14)).isInstanceOf(UserError.class)
                .hasMessageContaining("100000000 segments of up to 16384 × 16384 pixels")
                .hasMessageContaining("lower data.longestSide (now 16384)");
    }
}
