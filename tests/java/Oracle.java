// What Java's Avro makes of schemas and of bytes: one question a line on standard input, as JSON, one
// answer a line on standard output. Started as a single source file: java -cp JARS Oracle.java.
//
// Asked {"writer": text, "reader": text, "bodies": [hex, …]} it answers {"values": [each, …]}, where
// each is {"value": …} or {"error": …}; {"refused": "writer" or "reader", "error": …} where a schema
// cannot be parsed. With "reader" alone it only parses. {"references": [text, …]} are parsed before, as
// Confluent's Java client does with what a schema of a registry refers to.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

public class Oracle {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.write(MAPPER.writeValueAsString(answer(MAPPER.readTree(line))));
      out.write('\n');
      if (!in.ready()) {
        out.flush();
      }
    }
    out.flush();
  }

  private static ObjectNode answer(JsonNode question) {
    ObjectNode answer = JSON.objectNode();
    Schema[] schemas = new Schema[2];
    String[] sides = {"writer", "reader"};
    for (int side = 0; side < 2; side++) {
      if (!question.has(sides[side])) {
        continue;
      }
      try {
        var parser = new Schema.Parser();
        for (JsonNode reference : question.path("references")) {
          parser.parse(reference.asText());
        }
        schemas[side] = parser.parse(question.get(sides[side]).asText());
      } catch (Exception | StackOverflowError error) {
        return answer.put("refused", sides[side]).put("error", error.toString());
      }
    }
    ArrayNode values = answer.putArray("values");
    for (JsonNode body : question.path("bodies")) {
      ObjectNode each = values.addObject();
      try {
        each.set("value", read(schemas[0], schemas[1], bytes(body.asText())));
      } catch (Exception | StackOverflowError error) {
        each.put("error", error.toString());
      }
    }
    return answer;
  }

  private static JsonNode read(Schema writer, Schema reader, byte[] body) throws Exception {
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(body, null);
    Object datum = new GenericDatumReader<Object>(writer, reader).read(null, decoder);
    if (!decoder.isEnd()) {
      throw new IllegalStateException("bytes are left over");
    }
    return shown(datum, reader);
  }

  /** The value as JSON that keeps apart what Avro keeps apart; a union's named branch is named. */
  private static JsonNode shown(Object datum, Schema schema) {
    switch (schema.getType()) {
      case UNION:
        Schema branch = schema.getTypes().get(GenericData.get().resolveUnion(schema, datum));
        JsonNode inner = shown(datum, branch);
        boolean named = switch (branch.getType()) { case RECORD, ENUM, FIXED -> true; default -> false; };
        return named ? JSON.objectNode().put("branch", branch.getFullName()).set("of", inner) : inner;
      case RECORD:
        ObjectNode fields = JSON.objectNode();
        for (Schema.Field field : schema.getFields()) {
          fields.set(field.name(), shown(((IndexedRecord) datum).get(field.pos()), field.schema()));
        }
        return JSON.objectNode().set("record", fields);
      case MAP:
        ObjectNode map = JSON.objectNode();
        ((Map<?, ?>) datum).forEach((k, v) -> map.set(k.toString(), shown(v, schema.getValueType())));
        return JSON.objectNode().set("map", map);
      case ARRAY:
        ArrayNode array = JSON.arrayNode();
        ((Iterable<?>) datum).forEach(each -> array.add(shown(each, schema.getElementType())));
        return array;
      case FIXED:
        return JSON.objectNode().put("bytes", hex(((GenericFixed) datum).bytes()));
      case BYTES:
        ByteBuffer buffer = ((ByteBuffer) datum).duplicate();
        byte[] data = new byte[buffer.remaining()];
        buffer.get(data);
        return JSON.objectNode().put("bytes", hex(data));
      case FLOAT, DOUBLE:
        double number = ((Number) datum).doubleValue();
        return JSON.objectNode().put("double", Long.toHexString(Double.doubleToLongBits(number)));
      case INT, LONG:
        return JSON.numberNode(((Number) datum).longValue());
      case BOOLEAN:
        return JSON.booleanNode((Boolean) datum);
      case NULL:
        return JSON.nullNode();
      default: // STRING, ENUM
        return JSON.textNode(datum.toString());
    }
  }

  private static byte[] bytes(String hex) {
    return java.util.HexFormat.of().parseHex(hex);
  }

  private static String hex(byte[] data) {
    return java.util.HexFormat.of().formatHex(data);
  }
}
