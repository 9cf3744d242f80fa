"""One module per release; its id is the module's name. Modules with a leading underscore are shared readers."""
