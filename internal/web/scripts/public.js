import { focusSummary, guardForms } from "./form.js";

guardForms();
focusSummary();
