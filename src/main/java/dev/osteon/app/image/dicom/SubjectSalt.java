package dev.osteon.app.image.dicom;

import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A secret that turns patient IDs into pseudonyms: without it a pseudonym cannot be tried against a list of IDs. */
public final class SubjectSalt {
    /** Bytes that a salt has at least: 128 bits. */
    public static final int SHORTEST = 16;

    private static final String ALGORITHM = "HmacSHA256";

    private final byte[] secret;

    /** @throws IllegalArgumentException if the secret is shorter than {@link #SHORTEST} bytes */
    public SubjectSalt(byte[] secret) {
        if (secret.length < SHORTEST) {
            throw new IllegalArgumentException("a salt of " + secret.length + " bytes: expected at least " + SHORTEST
                    + ", for instance from: head -c 32 /dev/urandom");
        }
        this.secret = secret.clone();
    }

    /** HMAC-SHA-256 of the ID (RFC 2104) as 64 hex digits. */
    String hash(byte[] patientId) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            return HexFormat.of().formatHex(mac.doFinal(patientId));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
