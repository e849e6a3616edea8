/** Grey images of 8 or 16 bits in memory and as PNG or JPEG files. */
package dev.osteon.app.image;
