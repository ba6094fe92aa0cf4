// ESLint's recommended rules for every script of the repository.
import js from "@eslint/js";

// names makes read-only globals of a list of names.
const names = (list) => Object.fromEntries(list.split(" ").map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  {
    // The files of the page script are joined in one strict function. Their heads declare
    // the names that they take from each other; all else must be a name of the browser's
    // or of the page contract's.
    files: ["internal/page/assets/script/*.js"],
    languageOptions: {
      ecmaVersion: 2015,
      sourceType: "script",
      parserOptions: { ecmaFeatures: { impliedStrict: true } },
      globals: names("window document XMLHttpRequest setTimeout clearTimeout SETTINGS CONTENT SA_FIELDS"),
    },
    rules: {
      // "catch" without a name is younger than the script's syntax.
      "no-unused-vars": ["error", { vars: "all", args: "after-used", caughtErrors: "none" }],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-shadow": "error",
    },
  },
  {
    files: ["test/msal/*.js"],
    languageOptions: {
      sourceType: "module",
      globals: names("process console fetch URL URLSearchParams"),
    },
  },
  {
    files: ["web/lint/*.js"],
    languageOptions: { sourceType: "module" },
  },
];
