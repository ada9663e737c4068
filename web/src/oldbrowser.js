// Tells a person whose browser is too old, where the page itself may not even be read: so ES5, and a script of its own. The
// page then finds no place for itself.
(function () {
  function draws() {
    try {
      return new OffscreenCanvas(1, 1).getContext("2d") !== null;
    } catch (_) {
      return false;
    }
  }

  function says(lang, text) {
    var line = document.createElement("p");
    line.lang = lang;
    line.textContent = text;
    return line;
  }

  // Of what boards need these came last.
  if (window.AbortSignal && AbortSignal.timeout && Array.prototype.toSpliced && window.Intl && Intl.Segmenter && draws()) return;
  var place = document.getElementById("app");
  var main = document.createElement("main");
  main.style.cssText = "max-width: 34em; margin: 18vh auto 0; padding: 0 20px; font: 18px/1.6 system-ui, sans-serif; text-align: center";
  main.setAttribute("role", "alert");
  main.appendChild(says("zh-CN", "这个浏览器太旧，打不开黑板。请更新它，或换用 Chrome 或 Edge 110、Firefox 125、Safari 16.4 以上的版本。"));
  main.appendChild(says("en", "This browser is too old for Chalkline. Please update it, or use Chrome or Edge 110, Firefox 125, Safari 16.4 or newer."));
  place.parentNode.replaceChild(main, place);
})();
