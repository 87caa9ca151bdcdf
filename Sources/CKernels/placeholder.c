int fk_placeholder;
