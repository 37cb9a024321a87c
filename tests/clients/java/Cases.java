import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs cases one by one and prints a line of JSON for each: what it saw, or what was thrown. */
final class Cases {
    interface Case {
        Object run() throws Exception;
    }

    private final Map<String, Case> cases = new LinkedHashMap<>();

    void add(String name, Case body) {
        cases.put(name, body);
    }

    void run() {
        for (Map.Entry<String, Case> each : cases.entrySet()) {
            String key = "saw";
            String value;
            try {
                value = shown(each.getValue().run());
            } catch (Throwable failure) {
                StringWriter text = new StringWriter();
                failure.printStackTrace(new PrintWriter(text));
                key = "failed";
                value = text.toString();
            }
            System.out.println("{\"case\": " + quoted(each.getKey()) + ", \"" + key + "\": " + quoted(value) + "}");
        }
        System.out.flush();
    }

    static String shown(Object value) {
        if (value instanceof byte[] bytes) return Arrays.toString(bytes);
        if (value instanceof Object[] array) return Cases.shown(Arrays.asList(array));
        if (value instanceof List<?> list) {
            List<String> parts = new ArrayList<>();
            for (Object part : list) parts.add(shown(part));
            return parts.toString();
        }
        return String.valueOf(value);
    }

    private static String quoted(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') made.append('\\').append(each);
            else if (each < 32 || each > 126) made.append(String.format("\\u%04x", (int) each));
            else made.append(each);
        }
        return made.append('"').toString();
    }
}
