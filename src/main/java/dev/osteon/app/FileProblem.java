package dev.osteon.app;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;

/** What an error of the file system means to the person at the command line. */
public final class FileProblem {

    private FileProblem() {}

    /** One line: the file where it is known, what is wrong with it, and what to do where that is clear. */
    public static String describe(IOException e) {
        boolean named = e instanceof FileSystemException f && f.getFile() != null;
        return (named ? ((FileSystemException) e).getFile() + ": " : "") + reason(e);
    }

    /** The same without the file's name. */
    public static String reason(IOException e) {
        String reason = switch (e) {
            case AccessDeniedException denied -> "permission denied; choose a folder of yours";
            case NoSuchFileException missing -> "no such file or folder; check the path";
            case NotDirectoryException file -> "is not a folder; check the path";
            case FileAlreadyExistsException file -> "a file of this name is in the way; choose another";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
        String lower = reason.toLowerCase(Locale.ROOT);
        boolean full = lower.contains("no space left") || lower.contains("quota exceeded");
        return (reason + (full ? "; free some space, or choose another disk with --out; files written before are whole"
                : "")).replaceAll("\\s*\\R\\s*", " ");
    }
}
