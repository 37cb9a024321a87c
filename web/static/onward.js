// A form that goes on to another site by itself; its button is there for whoever has no script.
document.querySelector("form[data-onward]").submit();
