"""One module per release; the id is the module's name. Underscore-named modules are shared readers."""
