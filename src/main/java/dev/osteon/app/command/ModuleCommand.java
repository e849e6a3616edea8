package dev.osteon.app.command;

import java.util.concurrent.Callable;

/**
 * A command of a module that this one does not know of. It is named as a service, and is there when its module is on
 * the class path.
 */
public interface ModuleCommand extends Callable<Integer> {

    /**
     * Makes ready what {@code osteon profile} records of it in this process: its call is recorded, and gives the exit
     * code. That is the command itself where it does not say otherwise.
     */
    default Callable<Integer> profiled() throws Exception {
        return this;
    }
}
