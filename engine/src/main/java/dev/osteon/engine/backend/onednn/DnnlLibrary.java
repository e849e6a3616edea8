package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/**
 * Finds oneDNN's shared library: the file named by {@code -Dosteon.onednn.path}, otherwise the one in the natives jar
 * on the class path, unpacked once into a private cache folder.
 *
 * @param path   the library's file
 * @param lookup its symbols, and OpenMP's
 */
@SuppressWarnings("restricted")
record DnnlLibrary(Path path, SymbolLookup lookup) {

    private static final String RESOURCES = "/org/bytedeco/dnnl/";

    /** @throws EngineException saying why when it cannot be loaded here */
    static DnnlLibrary load() {
        String given = System.getProperty("osteon.onednn.path");
        Platform platform = Platform.here();
        try {
            Path library = given != null ? Path.of(given) : unpack(platform);
            Path openMp = library.resolveSibling(platform.openMp);
            SymbolLookup symbols = SymbolLookup.loaderLookup();
            OpenMp.spinBriefly();
            if (Files.exists(openMp)) {
                symbols = SymbolLookup.libraryLookup(openMp, Arena.global());   // the loader then finds it by its name
            }
            return new DnnlLibrary(library, SymbolLookup.libraryLookup(library, Arena.global()).or(symbols));
        } catch (IOException | IllegalArgumentException e) {
            throw new EngineException("oneDNN could not be loaded for " + platform.folder + ": " + e.getMessage()
                    + "; use --device reference, or point -Dosteon.onednn.path at a libdnnl", e);
        }
    }

    /** Names on one operating system and processor. */
    private record Platform(String folder, String library, String openMp) {

        static Platform here() {
            String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
            boolean arm = System.getProperty("os.arch").matches("aarch64|arm64");
            if (os.contains("mac")) {
                return new Platform("macosx-" + (arm ? "arm64" : "x86_64"), "libdnnl.3.dylib", "libomp.dylib");
            }
            if (os.contains("win")) {
                return new Platform("windows-x86_64", "dnnl.dll", "libomp140.x86_64.dll");
            }
            return new Platform("linux-" + (arm ? "arm64" : "x86_64"), "libdnnl.so.3", "libgomp.so.1");
        }
    }

    private static Path unpack(Platform platform) throws IOException {
        URL library = resource(platform, platform.library);
        if (library == null) {
            throw new IOException("no natives jar (org.bytedeco:dnnl with classifier " + platform.folder
                    + ") is on the class path");
        }
        Path folder = cacheFolder(library);
        URL openMp = resource(platform, platform.openMp);
        if (openMp != null) {
            unpack(openMp, folder.resolve(platform.openMp));
        }
        return unpack(library, folder.resolve(platform.library));
    }

    private static URL resource(Platform platform, String name) {
        return DnnlLibrary.class.getResource(RESOURCES + platform.folder + "/" + name);
    }

    /** One folder for each version of the library, told apart by the size and date in its jar. */
    private static Path cacheFolder(URL library) throws IOException {
        var connection = library.openConnection();
        connection.setUseCaches(false);
        String version = Long.toHexString(connection.getContentLengthLong() * 31 + connection.getLastModified());
        connection.getInputStream().close();
        Path folder = UserCache.of("onednn-" + version);
        Files.createDirectories(folder);
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
        return folder;
    }

    /** Written under another name and renamed, so that a second process never loads half a file. */
    private static Path unpack(URL source, Path target) throws IOException {
        var connection = source.openConnection();
        connection.setUseCaches(false);
        long size = connection.getContentLengthLong();
        try (InputStream in = connection.getInputStream()) {
            if (Files.exists(target) && Files.size(target) == size) {
                return target;
            }
            Path partial = Files.createTempFile(target.getParent(), "partial", ".tmp");
            try {
                Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(partial);
            }
            return target;
        }
    }
}
