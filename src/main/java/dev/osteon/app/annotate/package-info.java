/** The annotator: a page on loopback on which a person places prompts and sees the masks that come of them. */
package dev.osteon.app.annotate;
