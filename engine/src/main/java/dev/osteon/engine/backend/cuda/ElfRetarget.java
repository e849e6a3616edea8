package dev.osteon.engine.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Makes a shared object ask for another library: in an ELF64 file the name in {@code .dynstr} is replaced by one of the
 * same length, and the hash of its version node in {@code .gnu.version_r} with it. JCuda's natives name CUDA 12's
 * libraries; with this a copy of them runs on a machine that has CUDA 13's only.
 */
final class ElfRetarget {

    private static final int LOAD = 1;
    private static final int DYNAMIC = 2;
    private static final int STRING_TABLE = 5;
    private static final int STRING_SIZE = 10;
    private static final long VERSION_NEEDS = 0x6ffffffeL;
    private static final long VERSION_COUNT = 0x6fffffffL;
    private static final int PROGRAM_HEADERS = 32;
    private static final int PROGRAM_HEADER_SIZE = 54;
    private static final int PROGRAM_HEADER_COUNT = 56;

    private final ByteBuffer file;

    private ElfRetarget(byte[] content) {
        this.file = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Replaces {@code from} by {@code to} in {@code content}.
     *
     * @return the number of places that changed
     * @throws IllegalArgumentException for names of unequal length, or a file that is no little-endian ELF64
     */
    static int retarget(byte[] content, String from, String to) {
        if (from.length() != to.length()) {
            throw new IllegalArgumentException("given " + from + " and " + to + "; expected names of one length");
        }
        if (content.length < 64 || content[0] != 0x7f || content[1] != 'E' || content[4] != 2 || content[5] != 1) {
            throw new IllegalArgumentException("not a little-endian ELF64 file");
        }
        return new ElfRetarget(content).replace(from, to);
    }

    private int replace(String from, String to) {
        long strings = 0;
        long stringSize = 0;
        long needs = 0;
        long needCount = 0;
        int entry = segment(DYNAMIC);
        long end = file.getLong(entry + 8) + file.getLong(entry + 32);
        for (int at = (int) file.getLong(entry + 8); at < end && file.getLong(at) != 0; at += 16) {
            long value = file.getLong(at + 8);
            long tag = file.getLong(at);
            strings = tag == STRING_TABLE ? value : strings;
            stringSize = tag == STRING_SIZE ? value : stringSize;
            needs = tag == VERSION_NEEDS ? value : needs;
            needCount = tag == VERSION_COUNT ? value : needCount;
        }
        int changed = names(offset(strings), stringSize, from, to);
        return needs == 0 ? changed : changed + versions(offset(needs), needCount, from, to);
    }

    private int names(int start, long size, String from, String to) {
        byte[] name = (from + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] content = file.array();
        int changed = 0;
        for (int at = start; at + name.length <= start + size; at++) {
            if (Arrays.equals(content, at, at + name.length, name, 0, name.length)) {
                System.arraycopy(to.getBytes(StandardCharsets.US_ASCII), 0, content, at, to.length());
                changed++;
            }
        }
        return changed;
    }

    private int versions(int start, long count, String from, String to) {
        int changed = 0;
        int need = start;
        for (long i = 0; i < count; i++) {
            int version = need + file.getInt(need + 8);
            for (int k = file.getShort(need + 2) & 0xffff; k > 0; k--) {
                if (file.getInt(version) == hash(from)) {
                    file.putInt(version, hash(to));
                    changed++;
                }
                version += file.getInt(version + 12);
            }
            need += file.getInt(need + 12);
        }
        return changed;
    }

    /** Position of the program header of the given type. */
    private int segment(int type) {
        for (int i = 0; i < segments(); i++) {
            if (file.getInt(header(i)) == type) {
                return header(i);
            }
        }
        throw new IllegalArgumentException("the file has no segment of type " + type);
    }

    /** Where in the file an address lies. */
    private int offset(long address) {
        for (int i = 0; i < segments(); i++) {
            int header = header(i);
            long start = file.getLong(header + 16);
            if (file.getInt(header) == LOAD && address >= start && address < start + file.getLong(header + 32)) {
                return (int) (address - start + file.getLong(header + 8));
            }
        }
        throw new IllegalArgumentException("address " + address + " lies in no segment");
    }

    private int segments() {
        return file.getShort(PROGRAM_HEADER_COUNT) & 0xffff;
    }

    private int header(int i) {
        return (int) file.getLong(PROGRAM_HEADERS) + i * (file.getShort(PROGRAM_HEADER_SIZE) & 0xffff);
    }

    /** The System V hash of symbol and version names. */
    static int hash(String name) {
        int hash = 0;
        for (byte letter : name.getBytes(StandardCharsets.US_ASCII)) {
            hash = (hash << 4) + letter;
            int high = hash & 0xf0000000;
            hash = (hash ^ high >>> 24) & ~high;
        }
        return hash;
    }
}
