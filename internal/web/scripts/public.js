import { focusSummary, guardForms } from "./form.js";
import { suggest } from "./suggest.js";

guardForms();
focusSummary();
suggest();
