import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Matches lines as RegexSerDe does: the whole line, the dot taking every character.
 *
 * Standard input is Base64, one text a line: the expression, then the lines. Answers one line each:
 * a dash where nothing matches, else the groups in Base64, `~` for a group that took no part.
 */
public class Match {
    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        var out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        Pattern pattern = Pattern.compile(decoded(in.readLine()), Pattern.DOTALL);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Matcher matcher = pattern.matcher(decoded(line));
            if (!matcher.matches()) {
                out.println("-");
                continue;
            }
            var groups = new String[matcher.groupCount()];
            for (int number = 1; number <= groups.length; number++) {
                String group = matcher.group(number);
                groups[number - 1] = group == null ? "~" : encoded(group);
            }
            out.println(String.join(" ", groups));
        }
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
