/** Where the time and the memory of a command go: recorded behind the engine's observer interface, told in files. */
package dev.osteon.app.profile;
