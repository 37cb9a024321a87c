// The emoji that apps use most; any other name stays as :name:.

const CHARACTERS = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  warning: "⚠️", rotating_light: "🚨", octagonal_sign: "🛑", construction: "🚧", lock: "🔒", unlock: "🔓", key: "🔑",
  closed_lock_with_key: "🔐", shield: "🛡️", hourglass: "⌛", hourglass_flowing_sand: "⏳", timer_clock: "⏲️", stopwatch: "⏱️",
  alarm_clock: "⏰", clock1: "🕐", calendar: "📆", eyes: "👀", wave: "👋", raised_hand: "✋", hand: "✋", thumbsup: "👍",
  "+1": "👍", thumbsdown: "👎", "-1": "👎", clap: "👏", pray: "🙏", point_right: "👉", point_left: "👈", muscle: "💪",
  tada: "🎉", rocket: "🚀", fire: "🔥", boom: "💥", sparkles: "✨", star: "⭐", zap: "⚡", bulb: "💡", bell: "🔔",
  no_bell: "🔕", mega: "📣", loudspeaker: "📢", speech_balloon: "💬", memo: "📝", pencil: "📝", pencil2: "✏️", clipboard: "📋",
  page_facing_up: "📄", scroll: "📜", bookmark: "🔖", link: "🔗", paperclip: "📎", pushpin: "📌", mag: "🔍", mag_right: "🔎",
  bar_chart: "📊", chart_with_upwards_trend: "📈", computer: "💻", desktop_computer: "🖥️", keyboard: "⌨️", package: "📦",
  gear: "⚙️", wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", bug: "🐛", robot_face: "🤖", ghost: "👻", wastebasket: "🗑️",
  floppy_disk: "💾", inbox_tray: "📥", outbox_tray: "📤", email: "✉️", envelope: "✉️", house: "🏠", door: "🚪", office: "🏢",
  information_source: "ℹ️", question: "❓", grey_question: "❔", exclamation: "❗", heavy_exclamation_mark: "❗", bangbang: "‼️",
  red_circle: "🔴", large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  white_circle: "⚪", black_circle: "⚫", large_green_square: "🟩", large_red_square: "🟥", arrow_right: "➡️", arrow_left: "⬅️",
  arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁", leftwards_arrow_with_hook: "↩️", end: "🔚",
  heavy_plus_sign: "➕", heavy_minus_sign: "➖", recycle: "♻️", smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔",
  grimacing: "😬", sweat_smile: "😅", sob: "😭", cry: "😢", heart: "❤️", 100: "💯", checkered_flag: "🏁", movie_camera: "🎥",
  film_frames: "🎞️", vhs: "📼", bust_in_silhouette: "👤", busts_in_silhouette: "👥", police_car: "🚓", cop: "👮", sos: "🆘",
};

export function emoji(name) {
  return Object.hasOwn(CHARACTERS, name) ? CHARACTERS[name] : null;
}

// Text with :names: replaced; for plain_text objects and reactions.
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
}
